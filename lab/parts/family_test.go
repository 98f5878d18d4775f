package parts

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/modfile"

	"github.com/eastwest-mesh/eastwest/lab/parts/pins"
)

func readModule(t *testing.T, f family) *modfile.File {
	t.Helper()
	data, err := pins.Module(f.name)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse(f.name, data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return mod
}

// The table of families and the modules' tool lines must name the same programs.
func TestFamiliesMatchTheirModules(t *testing.T) {
	for _, f := range slices.Concat(families(headIstio()), extraFamilies(), istios()) {
		t.Run(f.name, func(t *testing.T) {
			mod := readModule(t, f)
			var tools []string
			for _, tool := range mod.Tool {
				name := path.Base(tool.Path)
				if to, ok := f.renames[name]; ok {
					name = to
				}
				tools = append(tools, name)
			}
			slices.Sort(tools)
			if diff := cmp.Diff(f.programs, tools); diff != "" {
				t.Errorf("programs in the table (-) and in go.mod (+):\n%s", diff)
			}
			required := slices.ContainsFunc(mod.Require, func(r *modfile.Require) bool { return r.Mod.Path == f.module })
			if !required {
				t.Errorf("lab/parts/pins/%s.mod does not require %s, whose version the programs tell", f.name, f.module)
			}
		})
	}
}

// Istio's tests judge the Istio that the lab runs: both are built from the same versions.
func TestIstiosTestsArePinnedAsIstio(t *testing.T) {
	tests := map[string]string{}
	for _, r := range readModule(t, family{name: "istiotests"}).Require {
		tests[r.Mod.Path] = r.Mod.Version
	}
	for _, r := range readModule(t, family{name: istio}).Require {
		if got := tests[r.Mod.Path]; got != r.Mod.Version {
			t.Errorf("%s: istio.mod has %s, istiotests.mod %q", r.Mod.Path, r.Mod.Version, got)
		}
	}
}

// What make and CI compile is compiled with the same flags, or it is all compiled twice.
func TestBuildFlagsAreThoseOfMake(t *testing.T) {
	flags, err := os.ReadFile(filepath.Join("..", "..", ".ci", "goflags"))
	if err != nil {
		t.Fatal(err)
	}
	// How modules are found and what is stamped into a program decide no package.
	compiling := slices.DeleteFunc(BuildFlags(), func(flag string) bool {
		return strings.HasPrefix(flag, "-mod=") || strings.HasPrefix(flag, "-buildvcs=")
	})
	if diff := cmp.Diff(compiling, strings.Fields(string(flags))); diff != "" {
		t.Errorf("-parts +make:\n%s", diff)
	}
}

func TestProgramNamesAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, f := range append(families(headIstio()), extraFamilies()...) {
		for _, p := range f.programs {
			if other, ok := seen[p]; ok {
				t.Errorf("%s is in the families %s and %s", p, other, f.name)
			}
			seen[p] = f.name
		}
	}
}

func TestStampValues(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "VERSION"), []byte("1.31\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const template = "{version} {release} {major} {minor} {revision}"
	tests := []struct {
		name   string
		family family
		info   moduleInfo
		want   string
	}{
		{"a tagged module", family{name: "kubernetes"}, moduleInfo{Version: "v1.36.1"}, "v1.36.1 v1.36.1 1 36 v1.36.1"},
		{
			"Istio's pseudo-version", headIstio(),
			moduleInfo{Version: "v0.0.0-20260827124520-eed52ebb66ad", Dir: dir},
			"v0.0.0-20260827124520-eed52ebb66ad 1.31.0-eastwest 1 31 eed52ebb66ad",
		},
		{
			"the commit of a release, whose module names the line only", istioFamily("istio-1.28.2", "1.28.2"),
			moduleInfo{Version: "v0.0.0-20251217200826-ab413ac6c1f4", Dir: dir},
			"v0.0.0-20251217200826-ab413ac6c1f4 1.28.2-eastwest 1 28 ab413ac6c1f4",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			values, err := stampValues(tt.family, tt.info)
			if err != nil {
				t.Fatal(err)
			}
			if got := values.Replace(template); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLdflags(t *testing.T) {
	f := family{stamps: []stamp{{"a/b.version", "{version}"}, {"a/b.hub", "istio"}}}
	got := f.ldflags(strings.NewReplacer("{version}", "v1.2.3"))
	if want := "-s -w -X a/b.version=v1.2.3 -X a/b.hub=istio"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Whatever decides a program must change its family's key, and no other's.
func TestFamilyKeys(t *testing.T) {
	source := t.TempDir()
	for _, f := range families(headIstio()) {
		if err := os.MkdirAll(moduleDir(source, f), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"go.mod", "go.sum"} {
			if err := os.WriteFile(filepath.Join(moduleDir(source, f), name), []byte("x\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	before, err := familyKeys(t.Context(), source, families(headIstio()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "dns/go.sum"), []byte("y\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	after, err := familyKeys(t.Context(), source, families(headIstio()))
	if err != nil {
		t.Fatal(err)
	}
	for i := range before {
		changed := before[i].entry() != after[i].entry()
		if want := before[i].name == "dns"; changed != want {
			t.Errorf("%s: key changed: %t, want %t", before[i].name, changed, want)
		}
	}
	if setName(before) == setName(after) {
		t.Error("the set's name did not change with a family's key")
	}
}

func TestSettle(t *testing.T) {
	f := family{name: "kubernetes", programs: []string{"etcd", "kubelet"}, renames: map[string]string{"server": "etcd", "v3": "etcd"}}
	tests := []struct {
		name    string
		built   []string
		wantErr string
	}{
		{name: "renamed", built: []string{"server", "kubelet"}},
		{name: "go's other name", built: []string{"v3", "kubelet"}},
		{name: "one is missing", built: []string{"server"}, wantErr: "no kubelet"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range tt.built {
				if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			err := f.settle(dir)
			if tt.wantErr == "" && err != nil || tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("error %v, want one with %q", err, tt.wantErr)
			}
		})
	}
}

func TestChosen(t *testing.T) {
	tests := []struct {
		name    string
		names   []string
		istio   string
		want    []string
		wantErr string
	}{
		{name: "a lab's", want: []string{"runc", "node", "dns", "istio", "echo", "kubernetes"}},
		{name: "one that no lab needs", names: []string{"dns", "kindnode"}, want: []string{"dns", "kindnode"}},
		{name: "another Istio", istio: "1.28.2", want: []string{"runc", "node", "dns", "istio-1.28.2", "echo", "kubernetes"}},
		{name: "the head by its name", istio: "head", want: []string{"runc", "node", "dns", "istio", "echo", "kubernetes"}},
		{name: "an Istio that is not pinned", istio: "1.27.0", wantErr: `no Istio "1.27.0": want one of 1.28.2, 1.29.1, 1.31-april, head`},
		{name: "one that does not exist", names: []string{"dns", "envoy"}, wantErr: `no family "envoy"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wanted, err := Options{Families: tt.names, Istio: tt.istio}.chosen()
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("error %v, want one with %q", err, tt.wantErr)
				}
				return
			}
			var got []string
			for _, f := range wanted {
				got = append(got, f.name)
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("error %v, -want +got:\n%s", err, diff)
			}
		})
	}
}
