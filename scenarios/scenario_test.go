package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/report"
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

func TestStatusOfAScenario(t *testing.T) {
	broken := violated("v2 never answered")
	tests := map[string]struct {
		err     error
		samples int
		want    report.Status
	}{
		"kept":                      {nil, 2, report.Passed},
		"nothing was judged":        {nil, 0, report.Errored},
		"broken":                    {broken, 2, report.Failed},
		"broken, wrapped":           {fmt.Errorf("from x: %w", broken), 2, report.Failed},
		"broken, and not restored":  {errors.Join(broken, errors.New("scale back")), 2, report.Failed},
		"the probe failed":          {errors.New("exec"), 1, report.Errored},
		"not for this fleet":        {fmt.Errorf("%w: flat", ErrUnsupported), 0, report.Unsupported},
		"broken on one, not tested": {errors.Join(errors.New("exec"), broken), 1, report.Failed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, message := status(test.err, test.samples)
			if got != test.want || (got != report.Passed) != (message != "") {
				t.Errorf("want %s with a reason, got %s %q", test.want, got, message)
			}
		})
	}
}

func TestScenarioThatNeedsMoreClusters(t *testing.T) {
	env := &Env{Fleet: &fleet.Fleet{Clusters: []*fleet.Cluster{{}}}}
	got := Execute(t.Context(), bothDirections(), env)
	if got.Status != report.Unsupported || !strings.Contains(got.Message, "needs 2 clusters, there are 1") {
		t.Errorf("want unsupported with the numbers, got %s: %s", got.Status, got.Message)
	}
}

func TestFlatMeshHasNoGatewayToCross(t *testing.T) {
	cluster := func(name, network string) *fleet.Cluster {
		return &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: name, Network: network}}
	}
	flat := &fleet.Fleet{Clusters: []*fleet.Cluster{cluster("a", "n"), cluster("b", "n")}}
	if err := separateNetworks(flat); !errors.Is(err, ErrUnsupported) {
		t.Errorf("want unsupported, got %v", err)
	}
	separate := &fleet.Fleet{Clusters: []*fleet.Cluster{cluster("a", "n1"), cluster("b", "n2")}}
	if err := separateNetworks(separate); err != nil {
		t.Errorf("want no error, got %v", err)
	}
}

func TestPolicy(t *testing.T) {
	policy, err := (&Env{Namespace: "sample-x"}).policy("STRICT")
	if err != nil {
		t.Fatal(err)
	}
	mode := fmt.Sprint(policy.Object["spec"])
	if policy.GetNamespace() != "sample-x" || !strings.Contains(mode, "STRICT") {
		t.Errorf("want STRICT in sample-x, got %v", policy.Object)
	}
}
