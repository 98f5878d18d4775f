package checks

import (
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0313() Check {
	return Check{
		ID: "EW0313", Severity: Error, Firm: true,
		Title:    "Istio's CNI plugin did not set a pod up",
		Question: "Does the init container istio-validation of every pod succeed?",
		Why:      "The pod's traffic would not enter its sidecar, so the pod does not start.",
		Source:   "https://istio.io/latest/docs/setup/additional-setup/cni/#race-condition--mitigation",
		Explains: []string{"EW0308", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				affected := l.stuck(c, unredirected)
				var pods []istio.Pod
				for _, m := range affected {
					pods = append(pods, m.Pod)
				}
				l.report(c, affected, Finding{
					Want: "a node on which the CNI plugin runs before the pod is made",
					Fix: Fix{
						Text: "see that istio-cni-node is ready on the pod's node and that the node's CNI configuration names istio-cni; then have the pod made anew:",
						Commands: append([]string{
							kubectl(c, "get pods --all-namespaces --selector=k8s-app=istio-cni-node --output=wide"),
						}, replace(c, pods)...),
					},
				})
			})
		},
	}
}
