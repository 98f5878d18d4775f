package checks

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0905() Check {
	return Check{
		ID: "EW0905", Severity: Warning,
		Title:    "No node has room for another control plane",
		Question: "Has a node of every cluster room for an istiod as large as those in use?",
		Why:      "Its pods stay Pending until somebody, or an autoscaler, adds a node.",
		Source:   "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				rooms, okRooms := Need(l, c, c.Rooms)
				planes, okPlanes := Need(l, c, c.ControlPlanes)
				at := slices.IndexFunc(planes, func(p istio.ControlPlane) bool { return p.Revision == m.from })
				runs, _ := l.runs(c, m.to)
				if !okRooms || !okPlanes || at < 0 || runs {
					return
				}
				asks := planes[at].Requests
				if slices.ContainsFunc(rooms, func(room istio.NodeRoom) bool { return !room.Tainted && roomFor(asks, room) }) {
					return
				}
				l.Find(Finding{
					Cluster: c.Name,
					Found:   fmt.Sprintf("none of the %d nodes of %s has room for a pod like those of %s, which ask for %s", len(rooms), c.Name, m.from, requestsText(asks)),
					Want:    "a node without taints that has so much left",
					Fix:     Fix{Text: "add a node, or see that the cluster's autoscaler may. What is taken of each:", Commands: []string{kubectl(c, "describe nodes") + " | grep -A8 'Allocated resources'"}},
				})
			})
		},
	}
}

func roomFor(asks istio.Requests, room istio.NodeRoom) bool {
	return room.CPU >= asks.CPU && room.Memory >= asks.Memory && room.Pods > 0
}

func requestsText(r istio.Requests) string {
	return fmt.Sprintf("%dm CPU and %s memory", r.CPU, resource.NewQuantity(r.Memory, resource.BinarySI))
}
