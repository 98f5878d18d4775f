package checks

import (
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0307() Check {
	return Check{
		ID: "EW0307", Severity: Error, Firm: true,
		Title:    "No node takes a pod",
		Question: "Are the pods of gateways, istiod and workloads scheduled?",
		Why:      "The pod does not start: calls from it or to it are not made.",
		Source:   "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/",
		Explains: []string{"EW0308", "EW04", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				// A cluster's autoscaler may be at work.
				affected := slices.DeleteFunc(l.stuck(c, unscheduled), func(m member) bool { return l.young(c, m.Pod) })
				l.report(c, affected, Finding{
					Want: "a node with room that the pod's selectors, affinities and tolerations allow",
					Fix: Fix{
						Text:     "make room, or let the pod tolerate the nodes' taints; the sidecar asks for CPU and memory of its own. Why no node fits is in the events; where the last change of the Deployment asks too much, take that back:",
						Commands: slices.Concat(describe(c, affected), []string{kubectl(c, "describe nodes")}, takenBack(l, c, ofMembers(affected))),
					},
				})
			})
		},
	}
}
