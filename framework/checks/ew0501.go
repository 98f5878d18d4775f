package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0501() Check {
	return Check{
		ID: "EW0501", Severity: Error,
		Title:    "A cluster has no remote secret for another",
		Question: "Has every cluster a Secret with which its istiods read the endpoints of each other cluster?",
		Why:      "Callers know no endpoint of the other cluster: its answers are missing, and nothing fails.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#enable-endpoint-discovery",
		Explains: []string{"EW08", "EW05"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				secrets, ok := Need(l, c, c.RemoteSecrets)
				if !ok {
					return
				}
				l.others(c, func(other *istio.Cluster) {
					if meant(secrets, other) {
						return
					}
					l.Find(Finding{
						Cluster: c.Name, Pairs: []Pair{{c.Name, other.Name}},
						Found: fmt.Sprintf("%s has no remote secret for %s: its istiods cannot see the endpoints there", c.Name, other.Name),
						Want:  fmt.Sprintf("a Secret in %s with the label %s=true and the credentials of %s", names.System, names.MultiCluster, other.Name),
						Fix: Fix{
							Text:     "run create-mesh again with all clusters, or make the one that is missing:",
							Commands: []string{istioctl(other, "create-remote-secret --name="+quote(other.Name)) + " | " + kubectl(c, "apply --filename=-")},
						},
					})
				})
			})
		},
	}
}

// meant is true where some secret leads to a cluster, whether istiod reads it or not: why
// it does not is another question.
func meant(secrets []istio.RemoteSecret, other *istio.Cluster) bool {
	for _, secret := range secrets {
		for _, entry := range secret.Entries {
			if leadsTo(entry, other) {
				return true
			}
		}
	}
	return false
}
