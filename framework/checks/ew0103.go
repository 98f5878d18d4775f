package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0103() Check {
	return Check{
		ID: "EW0103", Severity: Error, Firm: true,
		Title:    "Commands in pods are not answered",
		Question: "Do commands in pods end in time?",
		Why:      "The API server reaches no kubelet of a pod's node: what runs there may be gone, and nothing of its proxies is known.",
		Source:   "https://kubernetes.io/docs/tasks/debug/debug-cluster/#listing-your-cluster",
		Explains: []string{"EW0201", "EW0203", "EW0307", "EW0308", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				if c.Unanswered == "" {
					return
				}
				l.Find(Finding{
					Cluster: c.Name, Pairs: l.around(c),
					Found: fmt.Sprintf("a command in a pod of %s was not answered: %s", c.Name, c.Unanswered),
					Want:  "commands in pods that end within seconds",
					Fix: Fix{
						Text:     "see whether the pod's node is Ready, whether its kubelet runs, and whether the API server reaches it on TCP port 10250:",
						Commands: []string{kubectl(c, "get nodes --output=wide")},
					},
				})
			})
		},
	}
}
