package scenarios

import (
	"context"

	"github.com/eastwest-mesh/eastwest/framework/run"
)

func bothDirections() run.Scenario {
	return run.Scenario{
		ID:      "both-directions",
		Name:    "Every cluster is answered by every cluster",
		Promise: "calls from each cluster are answered by the versions of all clusters, each as often as the others",
		Source:  "guide, \"Verify cross-cluster load balancing\"; shares: Istio's default LEAST_REQUEST over equal endpoints",
		Needs:   run.Needs{Clusters: 2},
		Base:    true,
		Bound:   boundSample,
		Run:     on(runBothDirections),
	}
}

// runBothDirections takes one sample from each cluster at the same time. The
// guide asks for alternating answers; Istio draws at random, so shares are
// judged and the order is not.
func runBothDirections(ctx context.Context, t trial) error {
	return t.samples(ctx)
}
