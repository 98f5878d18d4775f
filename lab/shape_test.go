package lab

import (
	"strings"
	"testing"
)

// All that is wrong with a shape is reported at once, before anything is made.
func TestShapeIsCheckedBeforehand(t *testing.T) {
	err := Options{
		Clusters: 3, Cache: t.TempDir(),
		Networks:  map[string]string{"cluster9": "network1", "cluster2": "a b"},
		Primaries: map[string]string{"cluster1": "cluster1", "cluster2": "cluster3", "cluster3": "cluster7"},
	}.Check()
	for _, want := range []string{
		`is for "cluster9"`, `"a b" of cluster2`, "want another cluster", "that of cluster3 is in cluster7", `no "cluster7"`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if err := (Options{Clusters: 3, Cache: t.TempDir(), Networks: map[string]string{"cluster2": "network1"}, Primaries: map[string]string{"cluster2": "cluster1", "cluster3": "cluster1"}}).Check(); err != nil {
		t.Errorf("want it taken, got %v", err)
	}
}
