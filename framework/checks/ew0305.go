package checks

import (
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0305() Check {
	return Check{
		ID: "EW0305", Severity: Error, Firm: true,
		Title:    "An image cannot be pulled",
		Question: "Can the nodes pull the images of proxies, gateways, istiod and workloads?",
		Why:      "The pod does not start: calls from it or to it are not made.",
		Source:   "https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff",
		Explains: []string{"EW0308", "EW04", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				affected := l.stuck(c, unpulled)
				l.report(c, affected, Finding{
					Want: "images that every node can pull",
					Fix: Fix{
						Text:     "correct the image's name, or let the node reach the registry, or give the pod's namespace the pull secret that the registry asks for. The registry's answer is in the events; where the last change of the Deployment brought the image, take that back:",
						Commands: append(describe(c, affected), takenBack(l, c, ofMembers(affected))...),
					},
				})
			})
		},
	}
}
