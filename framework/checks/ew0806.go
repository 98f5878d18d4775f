package checks

import (
	"fmt"
	"slices"

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
		Judge:    refusedCalls,
	}
}

// refusedCalls finds the clusters whose HelloWorld refuses calls, with all who are refused
// there; where it cannot be known which cluster it is, those whose calls are refused.
func refusedCalls(l *Look) {
	var finds []Finding
	at := func(cluster string) *Finding {
		i := slices.IndexFunc(finds, func(f Finding) bool { return f.Cluster == cluster })
		if i < 0 {
			i, finds = len(finds), append(finds, Finding{Cluster: cluster})
		}
		return &finds[i]
	}
	l.calls(func(c *istio.Cluster, caller istio.Caller, calls []istio.Call) {
		denied := these(calls, isRefused)
		if len(denied) == 0 {
			return
		}
		found := fmt.Sprintf("%d of %d calls from %s were refused with 403: %s", len(denied), len(calls), c.Name, describeCalls(calls))
		pairs, known := refusing(l, c, caller)
		switch {
		case !known:
			l.Find(refusal(l, Finding{Cluster: c.Name, Pairs: pairs, Found: found}))
		case len(pairs) == 0: // those of its own cluster
			own := at(c.Name)
			own.Found = joinWords(own.Found, found)
		}
		for _, pair := range pairs {
			if known {
				to := at(pair.Destination)
				to.Pairs, to.Found = append(to.Pairs, pair), joinWords(to.Found, found)
			}
		}
	})
	for _, finding := range finds {
		l.Find(refusal(l, finding))
	}
}

func joinWords(before, next string) string {
	if before == "" {
		return next
	}
	return before + "; " + next
}

// refusal adds to a finding where to look: at the cluster's policies, or, where it is only
// known whose calls are refused, at those of the destinations.
func refusal(l *Look, finding Finding) Finding {
	finding.Want = "policies in every cluster that allow Sleep's calls"
	finding.Fix = Fix{Text: "see which policies the sidecars of the destinations have:"}
	clusters := []string{finding.Cluster}
	for _, pair := range finding.Pairs {
		if pair.Source == finding.Cluster {
			clusters = append(clusters, pair.Destination)
		}
	}
	for _, cluster := range clusters {
		finding.Fix.Commands = append(finding.Fix.Commands, kubectl(l.cluster(cluster), "get authorizationpolicies --all-namespaces"))
	}
	return finding
}

// refusing are the pairs whose calls were refused: to those clusters that got requests and
// gave no good answer, and whether that is known; where not, to all. To Envoy's counters 403
// is a success.
func refusing(l *Look, c *istio.Cluster, caller istio.Caller) ([]Pair, bool) {
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
		return l.out(c), false
	}
	return pairs, true
}
