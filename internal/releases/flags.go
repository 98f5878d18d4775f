package main

import (
	"errors"
	"fmt"
	"go/ast"
	"path"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

const (
	envPackage = istioModule + "/pkg/env"
	// registerAmbient, of pilot/pkg/features/ambient.go, takes two defaults: with ambient mode,
	// and without it, which is what Istio does unless told.
	registerAmbient = "registerAmbient"
)

// program tells by the folder which program reads the flags that are registered there, empty
// where it is none that runs in a mesh.
func program(folder string) releases.Program {
	of := []struct {
		prefix  string
		program releases.Program
	}{
		{"pilot/cmd/pilot-agent", releases.Agent},
		{"pilot/cmd", releases.Istiod},
		{"pilot/pkg", releases.Istiod},
		{"pkg/bootstrap", releases.Agent},
		{"pkg/envoy", releases.Agent},
		{"pkg/istio-agent", releases.Agent},
		{"pkg/test", ""},
		{"pkg", releases.Istiod},
		{"security/pkg/nodeagent", releases.Agent},
		{"security/pkg", releases.Istiod},
		{"tools/istio-iptables", releases.Agent},
		{"tools/istio-nftables", releases.Agent},
		{"cni/pkg", releases.CNI},
	}
	for _, o := range of {
		if folder == o.prefix || strings.HasPrefix(folder, o.prefix+"/") {
			return o.program
		}
	}
	return ""
}

// flags reads every environment variable that the source registers, with its default as the
// program itself prints it.
func (s *source) flags() (map[releases.Program]map[string]string, error) {
	flags := map[releases.Program]map[string]string{releases.Istiod: {}, releases.Agent: {}, releases.CNI: {}}
	folders, err := s.folders()
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, folder := range folders {
		of := program(folder)
		if of == "" {
			continue
		}
		files, err := s.files(folder)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			errs = append(errs, s.registrations(f, flags[of]))
		}
	}
	return flags, errors.Join(errs...)
}

// registrations adds the flags of one file.
func (s *source) registrations(f file, flags map[string]string) error {
	var errs []error
	ast.Inspect(f.tree, func(node ast.Node) bool {
		call, is := node.(*ast.CallExpr)
		if !is {
			return true
		}
		at := s.defaultAt(f, call)
		if at == 0 || len(call.Args) <= at {
			return true
		}
		name, err := s.value(f, call.Args[0])
		if err != nil {
			return true // a wrapper that hands a name through; its callers are read
		}
		value, err := s.value(f, call.Args[at])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: default of %s: %w", s.set.Position(call.Pos()), name, err))
			return true
		}
		if have, twice := flags[name.text()]; twice && have != value.text() {
			errs = append(errs, fmt.Errorf("%s: default of %s is %q here and %q elsewhere", s.set.Position(call.Pos()), name.text(), value.text(), have))
		}
		flags[name.text()] = value.text()
		return true
	})
	return errors.Join(errs...)
}

// defaultAt gives the place of the default among the arguments of a call that registers a
// flag, and 0 for every other call.
func (s *source) defaultAt(f file, call *ast.CallExpr) int {
	fun := call.Fun
	if generic, is := fun.(*ast.IndexExpr); is {
		fun = generic.X
	}
	switch fun := fun.(type) {
	case *ast.Ident:
		if fun.Name == registerAmbient {
			return 2
		}
	case *ast.SelectorExpr:
		from, is := fun.X.(*ast.Ident)
		if is && f.imports[from.Name] == envPackage && path.Base(fun.Sel.Name) != "RegisterVar" && strings.HasPrefix(fun.Sel.Name, "Register") {
			return 1
		}
	}
	return 0
}
