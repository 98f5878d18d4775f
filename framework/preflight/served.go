package preflight

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// served refuses clusters without a control plane of their own, which "eastwest diagnose"
// judges: a run follows the guide, where each cluster has one, in what it sets up, waits for
// and tries.
func served(snapshot *istio.Snapshot) []Check {
	var rows []Check
	for i := range snapshot.Clusters {
		c := &snapshot.Clusters[i]
		primaries := snapshot.Primaries(c)
		if len(primaries) == 0 || primaries[0].Name == c.Name {
			continue
		}
		rows = append(rows, Check{
			ID: idSupported, Cluster: c.Name, Status: Refused,
			Found: fmt.Sprintf("no control plane of its own (primary-remote): the istiod of %s serves it", primaries[0].Name),
			Do:    "leave the cluster out of the fleet, and have \"eastwest diagnose\" judge the whole mesh: a run sets up and tries clusters with a control plane each",
		})
	}
	return rows
}

// notTried are the clusters that a run refuses for what they are.
func notTried(snapshot *istio.Snapshot) []string {
	var all []string
	for _, unsupported := range checks.FindUnsupported(snapshot) {
		all = append(all, unsupported.Cluster)
	}
	for _, row := range served(snapshot) {
		all = append(all, row.Cluster)
	}
	return all
}
