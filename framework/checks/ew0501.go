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
		Explains: []string{"EW08", "EW05", "EW0212"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				l.others(c, func(other *istio.Cluster) { noSecret(l, c, other) })
			})
		},
	}
}

func noSecret(l *Look, c, other *istio.Cluster) {
	secrets, ok := Need(l, c, c.RemoteSecrets)
	if !ok || meant(secrets, other) || lists(c, secrets, other) || !l.serves(c, c) {
		return
	}
	// A Secret that is named after something else may be for this cluster, where its API
	// server was not asked who it is.
	for _, secret := range secrets {
		for _, entry := range secret.Entries {
			if !read(secret) || entry.Broken != "" || forFleet(l, entry) != nil {
				continue
			}
			if _, known := Need(l, c, entry.UID); !known {
				return
			}
		}
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: l.reads(c, other),
		Found: fmt.Sprintf("%s has no remote secret for %s: its istiods cannot see the endpoints there", c.Name, other.Name),
		Want:  fmt.Sprintf("a Secret in %s with the label %s=true and the credentials of %s", names.System, names.MultiCluster, other.Name),
		Fix: Fix{
			Text:     "run create-mesh again with all clusters, or make the one that is missing:",
			Commands: []string{makeSecret(c, other)},
		},
	})
}

// meant is true where some Secret is for a cluster, whether istiod reads it or not: why it
// does not, or why it leads elsewhere, is another question. One that has neither label nor
// namespace of a remote secret may be anything.
func meant(secrets []istio.RemoteSecret, other *istio.Cluster) bool {
	for _, secret := range secrets {
		for _, entry := range secret.Entries {
			if (secret.Labelled || secret.Namespace == names.System) && (leadsTo(entry, other) || namedAfter(entry, other)) {
				return true
			}
		}
	}
	return false
}
