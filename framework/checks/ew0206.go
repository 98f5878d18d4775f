package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0206() Check {
	return Check{
		ID: "EW0206", Severity: Info,
		Title:    "The fleet and istiod call a cluster by different names",
		Question: "Is the name of every cluster in the fleet its cluster ID (CLUSTER_ID)?",
		Why:      "Rules and metrics by the label " + names.Cluster + " know the cluster by its ID, or, on other clusters, by the key of their remote secret.",
		Source:   "https://github.com/GoogleCloudPlatform/anthos-service-mesh-packages/pull/1184",
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				if _, ok := Need(l, c, c.Istiods); !ok {
					return
				}
				if id := clusterID(c); id != "" && id != c.Name {
					l.Find(Finding{
						Cluster: c.Name,
						Found:   fmt.Sprintf("the fleet calls the cluster %q, its istiod %q", c.Name, id),
						Fix:     Fix{Text: fmt.Sprintf("nothing, unless rules match the label %s; then use its ID, or name the cluster %q in the fleet file", names.Cluster, id)},
					})
				}
			})
		},
	}
}
