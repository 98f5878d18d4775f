package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0202() Check {
	return Check{
		ID: "EW0202", Severity: Error,
		Title:    "The istiods of two clusters have the same cluster ID",
		Question: "Has every cluster a cluster ID (CLUSTER_ID) of its own?",
		Why:      "istiod ignores a remote secret for its own ID: it takes the other cluster for itself and sees none of its endpoints.",
		Source:   "istio: pkg/kube/multicluster/secretcontroller.go, addRemoteConfig (\"ignoring cluster as it would overwrite the config cluster\")",
		Explains: []string{"EW05", "EW08"},
		Judge:    sameID,
	}
}

func sameID(l *Look) {
	l.each(func(c *istio.Cluster) {
		if _, ok := Need(l, c, c.Istiods); !ok {
			return
		}
		id := clusterID(c)
		for i := range l.Clusters {
			first := &l.Clusters[i]
			if first.Name == c.Name {
				return
			}
			if id != "" && clusterID(first) == id && !oneCluster(first, c) {
				l.Find(sharedID(l, first, c, id))
				return
			}
		}
	})
}

// sharedID is an error only where a remote secret has the ID for its key: under another key,
// such as a context's name, istiod reads the cluster.
func sharedID(l *Look, first, c *istio.Cluster, id string) Finding {
	var pairs []Pair
	for _, pair := range []struct{ here, other *istio.Cluster }{{first, c}, {c, first}} {
		secrets, ok := Need(l, pair.here, pair.here.RemoteSecrets)
		if ok && slices.Contains(idsOf(secrets, pair.other), id) {
			pairs = append(pairs, Pair{Source: pair.here.Name, Destination: pair.other.Name})
		}
	}
	f := Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("istiod calls the cluster %q, and so does the istiod of %s: each ignores a remote secret of that name", id, first.Name),
		Want:  "a cluster ID of its own for each cluster",
		Fix: Fix{
			Text:     fmt.Sprintf("install the control plane of %s again with another values.global.multiCluster.clusterName (asmcli: another name of the fleet's membership), and restart its gateways and workloads. The ID is in:", c.Name),
			Commands: []string{kubectl(c, "get deployments --namespace="+names.System, "--selector="+names.IstiodSelector, "--output=yaml") + " | grep -A1 " + names.EnvClusterID},
		},
	}
	if len(pairs) == 0 {
		f.Severity = Info
		f.Found = fmt.Sprintf("istiod calls the cluster %q, and so does the istiod of %s: rules and metrics by %s do not tell the two apart", id, first.Name, names.Cluster)
	}
	return f
}
