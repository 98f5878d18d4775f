package run

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

func TestStatusOfAScenario(t *testing.T) {
	broken := Violated("v2 never answered")
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
			got, message := statusOf(test.err, test.samples)
			if got != test.want || (got != report.Passed) != (message != "") {
				t.Errorf("want %s with a reason, got %s %q", test.want, got, message)
			}
		})
	}
}

func TestScenarioThatNeedsMoreClusters(t *testing.T) {
	env := &Env{Fleet: &fleet.Fleet{Clusters: []*fleet.Cluster{{}}}}
	got := Execute(t.Context(), Scenario{Needs: Needs{Clusters: 2}}, env)
	if got.Status != report.Unsupported || !strings.Contains(got.Message, "needs 2 clusters, there are 1") {
		t.Errorf("want unsupported with the numbers, got %s: %s", got.Status, got.Message)
	}
}
