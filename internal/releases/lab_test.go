package main

import (
	"html"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

// TestLabReleases reads the modules, as the lab's parts are built from them, and compares.
func TestLabReleases(t *testing.T) {
	modules, err := modules()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		read, err := m.read(t.Context())
		if err != nil {
			t.Error(err)
			continue
		}
		embedded, err := os.ReadFile(filepath.Join("..", "..", dataFolder, m.release+".json"))
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(string(embedded), string(read)); diff != "" {
			t.Errorf("%s is not what Istio's source says; run go generate ./framework/istio/releases:\n%s", m.release, diff)
		}
	}
}

// TestLabFlags asks the lab's istiod for its flags and defaults.
func TestLabFlags(t *testing.T) {
	istiod := filepath.Join(os.Getenv("EASTWEST_PARTS_BIN"), "pilot-discovery")
	dir, err := builtFrom(t, istiod).folder(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read, err := newSource(dir).flags()
	if err != nil {
		t.Fatal(err)
	}
	printed := printedFlags(t, istiod)
	if len(printed) < len(read[releases.Istiod]) {
		t.Errorf("istiod prints %d flags, its source has %d", len(printed), len(read[releases.Istiod]))
	}
	// istiod's program has some packages of the agent's, too; all the rest is its own.
	known := maps.Clone(read[releases.Agent])
	maps.DeleteFunc(known, func(name, _ string) bool { _, prints := printed[name]; return !prints })
	maps.Copy(known, read[releases.Istiod])
	if diff := cmp.Diff(printed, known); diff != "" {
		t.Errorf("what istiod prints (-) is not what was read of its source (+):\n%s", diff)
	}
}

// builtFrom is the module of the commit that the program names.
func builtFrom(t *testing.T, istiod string) module {
	t.Helper()
	version, err := exec.CommandContext(t.Context(), istiod, "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules, err := modules()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		if commit := m.version[strings.LastIndex(m.version, "-")+1:]; strings.Contains(string(version), commit) {
			return m
		}
	}
	t.Fatalf("%s is built from none of the modules that are read: %s", istiod, version)
	return module{}
}

// printedFlags has istiod write its documentation, whose table of environment variables is
// made of pkg/env's own list.
func printedFlags(t *testing.T, istiod string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), istiod, "collateral", "--html_fragment_with_front_matter", "-o", dir)
	cmd.Env = []string{} // defaults only
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", istiod, err, out)
	}
	page, err := os.ReadFile(filepath.Join(dir, "pilot-discovery.html"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?s)<code>([A-Z0-9_]+)</code></a></td>\s*<td>[^<]*</td>\s*<td>(?:<code>(.*?)</code>)?</td>`)
	flags := map[string]string{}
	for _, cells := range row.FindAllStringSubmatch(string(page), -1) {
		flags[cells[1]] = html.UnescapeString(cells[2])
	}
	return flags
}
