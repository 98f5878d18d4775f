package checks

import (
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0312() Check {
	return Check{
		ID: "EW0312", Severity: Error, Firm: true,
		Title:    "A container crashes or does not become ready",
		Question: "Do the containers of gateways, workloads and istiod run?",
		Why:      "The pod takes no calls and makes none.",
		Source:   "https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/",
		Explains: []string{"EW0308", "EW04", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				affected := append(l.stuck(c, failing), l.idle(c)...)
				l.report(c, affected, Finding{
					Want: "pods that run and are ready",
					Fix: Fix{
						Text:     "why it ended is in its last log, why it did not start in the pod's events; where the last change of the Deployment made it so, take that back:",
						Commands: slices.Concat(lastLogs(c, affected), describe(c, affected), takenBack(l, c, ofMembers(affected))),
					},
				})
			})
		},
	}
}

// idle are pods that are not ready for no known reason, but that their proxy is ready.
func (l *Look) idle(c *istio.Cluster) []member {
	return slices.DeleteFunc(l.members(c), func(m member) bool {
		return m.Ready || m.istiod || m.Trouble != nil || m.Proxy && !m.ProxyReady || l.young(c, m.Pod)
	})
}

// lastLogs are those of containers that ran before they crashed.
func lastLogs(c *istio.Cluster, affected []member) []string {
	var commands []string
	for _, m := range affected {
		if m.Trouble == nil || m.Trouble.Container == "" || strings.HasPrefix(m.Trouble.Reason, "Create") {
			continue
		}
		commands = append(commands, kubectl(c, "logs --previous --namespace="+quote(m.Namespace), quote(m.Name), "--container="+quote(m.Trouble.Container)))
	}
	return commands
}
