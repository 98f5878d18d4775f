package diagnose

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// recorded are snapshots of real meshes, each with one fault of "eastwest lab break" in:
// NAME.json.gz, and NAME.yaml on what has to be found. TestDrillsAll of suites/drills makes
// them where EASTWEST_RECORD names this folder.
const recorded = "../checks/testdata/recorded"

// wanted is what has to be found in a recorded snapshot.
type wanted struct {
	Check    string          `json:"check"`
	Cluster  string          `json:"cluster"`
	Severity checks.Severity `json:"severity"`
	// Both is true where the check finds the same at the other cluster, too.
	Both bool `json:"both,omitempty"`
}

// Every fault that a lab can make is found offline, too: by its check, on the right cluster,
// as the only cause.
func TestRecordedFaults(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recorded, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("want recorded snapshots in %s, got %v, %v", recorded, files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want wanted
			if err := yaml.UnmarshalStrict(text, &want); err != nil {
				t.Fatal(err)
			}
			d := Judge(unpack(t, strings.TrimSuffix(file, ".yaml")+".json.gz"), checks.OfMesh())
			right := func(f checks.Finding) bool { return f.Check == want.Check && f.Cluster == want.Cluster }
			switch {
			case want.Severity == checks.Warning && (len(d.Causes) > 0 || !slices.ContainsFunc(d.Warnings, right)),
				want.Severity == checks.Error && (!slices.ContainsFunc(d.Causes, func(c Cause) bool { return right(c.Finding) }) || slices.ContainsFunc(d.Causes, func(c Cause) bool { return !right(c.Finding) && !(want.Both && c.Check == want.Check) })):
				t.Errorf("want %+v and no other cause, got\n%s", want, d.Text())
			}
		})
	}
}

func unpack(t *testing.T, name string) *istio.Snapshot {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := istio.Load(content)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}
