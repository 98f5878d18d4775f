package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

// Where Istio's source has what is read.
const (
	readerRole      = "manifests/charts/istio-control/istio-discovery/templates/reader-clusterrole.yaml"
	kubernetesLeast = "istioctl/pkg/install/k8sversion"
	// Istio moved this table and gave it a name of its own between 1.29 and 1.31.
	gatewayLeast, gatewayLeastBefore = "pkg/config/schema/gatewayapi", "pkg/kube/kclient"
	remoteRegistry                   = "pilot/pkg/serviceregistry/kube/controller"
)

// extract reads one release's source.
func (m module) extract(dir string) (releases.Extracted, error) {
	s := newSource(dir)
	r := releases.Extracted{Release: m.release, Module: istioModule + "@" + m.version}
	var err error
	if r.Flags, err = s.flags(); err != nil {
		return r, fmt.Errorf("flags: %w", err)
	}
	if r.ReaderRules, err = s.readerRules(); err != nil {
		return r, fmt.Errorf("%s: %w", readerRole, err)
	}
	least, err := s.named(kubernetesLeast, "MinK8SVersion")
	if err != nil {
		return r, err
	}
	if r.MinKubernetes, err = strconv.Atoi(least.text()); err != nil {
		return r, err
	}
	if r.MinGatewayAPI, err = s.gatewayAPI(); err != nil {
		return r, fmt.Errorf("least bundles of the Gateway API: %w", err)
	}
	r.ReadsRemoteMeshConfig, err = s.hasMethod(remoteRegistry, "getMeshConfigMapName")
	return r, err
}

// readerRules renders the chart's template as `istioctl install` does without options, and
// reads the rules.
func (s *source) readerRules() ([]releases.Rule, error) {
	text, err := os.ReadFile(filepath.Join(s.root, readerRole))
	if err != nil {
		return nil, err
	}
	parsed, err := template.New("role").Funcs(template.FuncMap{
		"include": func(string, any) string { return "" },
		"nindent": func(int, string) string { return "" },
		// All that it is asked for is a value with a default, which the chart does not set.
		"dig": func(_, _ string, otherwise bool, _ any) bool { return otherwise },
	}).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var rendered bytes.Buffer
	if err := parsed.Execute(&rendered, map[string]any{
		"Values": map[string]any{
			"global": map[string]any{"resourceScope": "all"}, "env": map[string]any{}, "revision": "",
			"istiodRemote": map[string]any{"enabled": false},
		},
		"Release": map[string]any{"Name": "istiod", "Namespace": "istio-system"},
	}); err != nil {
		return nil, err
	}
	var role struct {
		Rules []struct{ APIGroups, Resources, Verbs []string }
	}
	if err := yaml.Unmarshal(rendered.Bytes(), &role); err != nil {
		return nil, err
	}
	var rules []releases.Rule
	for _, r := range role.Rules {
		rules = append(rules, releases.Rule{Groups: r.APIGroups, Resources: r.Resources, Verbs: r.Verbs})
	}
	return rules, nil
}

// gatewayAPI reads the map of CRDs to calls of semver.New(major, minor, patch, ...).
func (s *source) gatewayAPI() (map[string]string, error) {
	f, expr, err := s.declared(gatewayLeast, "MinimumCRDVersions")
	if err != nil || expr == nil {
		f, expr, err = s.declared(gatewayLeastBefore, "minimumCRDVersions")
	}
	if err != nil {
		return nil, err
	}
	table, is := expr.(*ast.CompositeLit)
	if !is {
		return nil, fmt.Errorf("neither %s nor %s has the table", gatewayLeast, gatewayLeastBefore)
	}
	least := map[string]string{}
	for _, element := range table.Elts {
		entry, is := element.(*ast.KeyValueExpr)
		if !is {
			return nil, fmt.Errorf("%s: no key and value", s.set.Position(element.Pos()))
		}
		crd, err := s.value(f, entry.Key)
		if err != nil {
			return nil, err
		}
		call, is := entry.Value.(*ast.CallExpr)
		if !is || len(call.Args) < 3 {
			return nil, fmt.Errorf("%s: no version of three numbers", s.set.Position(entry.Pos()))
		}
		numbers := make([]string, 3)
		for i := range numbers {
			number, err := s.value(f, call.Args[i])
			if err != nil {
				return nil, err
			}
			numbers[i] = number.text()
		}
		least[crd.text()] = strings.Join(numbers, ".")
	}
	return least, nil
}

func (s *source) hasMethod(folder, name string) (bool, error) {
	files, err := s.files(folder)
	for _, f := range files {
		for _, decl := range f.tree.Decls {
			if function, is := decl.(*ast.FuncDecl); is && function.Name.Name == name {
				return true, nil
			}
		}
	}
	return false, err
}
