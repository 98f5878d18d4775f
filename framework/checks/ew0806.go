package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0806() Check {
	return Check{
		ID: "EW0806", Severity: Error,
		Title:    "Calls to HelloWorld are refused with 403",
		Question: "Does HelloWorld of every cluster let Sleep call?",
		Why:      "The sidecar of a destination answers 403 where an AuthorizationPolicy denies the call, or where none of those that allow matches.",
		Source:   "https://istio.io/latest/docs/ops/common-problems/security-issues/",
		Explains: []string{"EW0801"},
		Judge: func(l *Look) {
			l.calls(func(c *istio.Cluster, caller istio.Caller, calls []istio.Call) {
				if denied := these(calls, isRefused); len(denied) > 0 {
					findRefused(l, c, caller, calls, denied)
				}
			})
		},
	}
}

func findRefused(l *Look, c *istio.Cluster, caller istio.Caller, calls, denied []istio.Call) {
	pairs := refusing(l, c, caller)
	finding := Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("%d of %d calls from %s were refused with 403: %s", len(denied), len(calls), c.Name, describeCalls(calls)),
		Want:  "policies in every cluster that allow Sleep's calls",
		Fix:   Fix{Text: "see which policies the sidecars of the destinations have:"},
	}
	for _, pair := range pairs {
		to := l.cluster(pair.Destination)
		finding.Fix.Commands = append(finding.Fix.Commands, kubectl(to, "get authorizationpolicies --all-namespaces"))
	}
	if len(pairs) == 0 {
		finding.Fix.Commands = []string{kubectl(c, "get authorizationpolicies --all-namespaces")}
	}
	l.Find(finding)
}

// refusing are the pairs whose calls were refused: to those clusters that got requests and
// gave no good answer, or else to all. To Envoy's counters 403 is a success.
func refusing(l *Look, c *istio.Cluster, caller istio.Caller) []Pair {
	pairs, known := l.towards(c, caller, func(e istio.Endpoint) bool {
		if e.During.Requests == 0 {
			return false
		}
		for _, owner := range l.owners(c, e) {
			if answered(c, l.cluster(owner)) {
				return false
			}
		}
		return true
	})
	if !known {
		return l.out(c)
	}
	return pairs
}
