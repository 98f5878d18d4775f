package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/run"
)

func TestBasicIsASortedTableOfContents(t *testing.T) {
	var ids []string
	base := 0
	for _, s := range Basic() {
		ids = append(ids, s.ID)
		if s.Name == "" || s.Promise == "" || s.Source == "" || s.Bound == 0 || s.Run == nil || s.Needs.Clusters < 2 {
			t.Errorf("%s is incomplete: %+v", s.ID, s)
		}
		if s.Base {
			base++
		}
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("want IDs in order and each once, got %v", ids)
	}
	if base != 1 || !Basic()[0].Base {
		t.Errorf("want the first scenario, and it alone, as the base")
	}
}

func TestFlatMeshHasNoGatewayToCross(t *testing.T) {
	cluster := func(name, network string) *fleet.Cluster {
		return &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: name, Network: network}}
	}
	flat := &fleet.Fleet{Clusters: []*fleet.Cluster{cluster("a", "n"), cluster("b", "n")}}
	if err := separateNetworks(flat); !errors.Is(err, run.ErrUnsupported) {
		t.Errorf("want unsupported, got %v", err)
	}
	separate := &fleet.Fleet{Clusters: []*fleet.Cluster{cluster("a", "n1"), cluster("b", "n2")}}
	if err := separateNetworks(separate); err != nil {
		t.Errorf("want no error, got %v", err)
	}
}

func TestPolicy(t *testing.T) {
	policy, err := trial{&run.Env{Namespace: "sample-x"}}.policy("STRICT")
	if err != nil {
		t.Fatal(err)
	}
	mode := fmt.Sprint(policy.Object["spec"])
	if policy.GetNamespace() != "sample-x" || !strings.Contains(mode, "STRICT") {
		t.Errorf("want STRICT in sample-x, got %v", policy.Object)
	}
}
