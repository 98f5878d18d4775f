package scenarios

import (
	"context"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/run"
)

// Revisions is the table of contents of the suite that compares two revisions.
func Revisions() []run.Scenario {
	return []run.Scenario{
		mixedRevisions(),
		wayBack(),
	}
}

// boundCompare is for calls that are measured: run.Compare.MaxDuration is what bounds them.
const boundCompare = 12 * time.Hour

func mixedRevisions() run.Scenario {
	return run.Scenario{
		ID:      "mixed-revisions",
		Name:    "Every mix of the two revisions is no worse than the old one alone",
		Promise: "calls from and to workloads of the new revision, inside and across clusters, fail no more often than the same calls within the old revision",
		Source:  "istio.io: canary upgrades (both revisions side by side); supported releases (data planes of different versions work together)",
		Needs:   run.Needs{Clusters: 2},
		Bound:   boundCompare,
		Run:     on(runMixedRevisions),
	}
}

func runMixedRevisions(ctx context.Context, t trial) error {
	return newComparison(t, mixed).run(ctx)
}
