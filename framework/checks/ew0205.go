package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0205() Check {
	return Check{
		ID: "EW0205", Severity: Info,
		Title:    "Kubernetes versions are more than one minor release apart",
		Question: "Are the Kubernetes versions of all clusters at most one minor release apart?",
		Why:      "Each release of Istio supports a range of Kubernetes releases; all clusters must be within it.",
		Source:   "https://istio.io/latest/docs/releases/supported-releases/#support-status-of-istio-releases",
		Judge: func(l *Look) {
			lagging(l, kubernetesMinors, func(c, newest *istio.Cluster, own, other cell.Version) Finding {
				return Finding{
					Found: fmt.Sprintf("%s runs Kubernetes %s, and %s %s", c.Name, own, newest.Name, other),
					Want:  "versions that the mesh's release supports",
					Fix:   Fix{Text: "see that the mesh's release supports both"},
				}
			})
		},
	}
}

func kubernetesMinors(l *Look, c *istio.Cluster) (cell.Version, bool) {
	identity, ok := Need(l, c, c.Identity)
	version, err := cell.ParseVersion(identity.Kubernetes)
	return version, ok && err == nil
}
