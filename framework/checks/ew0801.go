package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0801() Check {
	return Check{
		ID: "EW0801", Severity: Error,
		Title:    "A version of another cluster never answers",
		Question: "Do the HelloWorld versions of all clusters answer each cluster's calls?",
		Why:      "So many calls were made that a sound mesh would have shown every version: calls from this cluster never reach the other.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/verify/",
		Judge: func(l *Look) {
			l.calls(func(c *istio.Cluster, caller istio.Caller, calls []istio.Call) {
				if caller.Needed <= 0 || len(calls) < caller.Needed {
					return
				}
				l.others(c, func(other *istio.Cluster) {
					if other.Version != "" && !answered(c, other) && serves(l, other) {
						findSilent(l, c, other, calls)
					}
				})
			})
		},
	}
}

// serves is true where HelloWorld runs in a cluster.
func serves(l *Look, c *istio.Cluster) bool {
	workloads, ok := Need(l, c, c.Workloads)
	if !ok {
		return false
	}
	for _, deployment := range workloads.Deployments {
		if deployment.Labels[appLabel] == helloWorld && deployment.Wanted > 0 {
			return true
		}
	}
	return len(runs(workloads, helloWorld)) > 0
}

func findSilent(l *Look, c, other *istio.Cluster, calls []istio.Call) {
	severity, found := Error, fmt.Sprintf("%s (%s) answered none of %d calls from %s: %s", other.Version, other.Name, len(calls), c.Name, describeCalls(calls))
	reason, known := preference(l, c)
	neighbour, sticks := behindTheSameGateways(l, c, other)
	switch {
	case sticks:
		severity, found = Info, fmt.Sprintf("%s; %s shares a network with it, and a connection through its gateways stays with one pod of either", found, neighbour)
	case reason != "":
		severity, found = Info, found+"; "+reason
	case !known:
		severity, found = Info, found+"; whether calls stay near their caller on purpose is not known"
	}
	l.Find(Finding{
		Cluster: c.Name, Severity: severity, Pairs: []Pair{{c.Name, other.Name}}, Found: found,
		Want: "answers of every version",
		Fix: Fix{
			Text:     fmt.Sprintf("look whether the caller's proxy has an endpoint that leads to %s:", other.Name),
			Commands: []string{endpointsOf(l, c)},
		},
	})
}

// behindTheSameGateways is a cluster that answered, on the network of another that did not:
// a gateway passes connections on, not requests, and the caller's proxy keeps its
// connections, so that one pod of that network may answer all calls.
func behindTheSameGateways(l *Look, c, silent *istio.Cluster) (neighbour string, found bool) {
	if same, ok := sameNetwork(l, c, silent); !ok || same {
		return "", false
	}
	l.others(c, func(other *istio.Cluster) {
		if same, ok := sameNetwork(l, other, silent); ok && same && other.Name != silent.Name && answered(c, other) {
			neighbour, found = other.Name, true
		}
	})
	return neighbour, found
}
