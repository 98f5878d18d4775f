package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0704() Check {
	return Check{
		ID: "EW0704", Severity: Error,
		Title:    "The destination's cluster does not define a subset that calls are routed to",
		Question: "Does every cluster define the subsets that VirtualServices of other clusters route to?",
		Why:      "Calls to a subset carry its name in the server name (SNI). The gateway accepts only those of the DestinationRules of its own cluster, and resets all other connections: 503 for the caller.",
		Source:   "https://github.com/istio/istio/issues/40673; istio/istio, pilot/pkg/networking/core/gateway.go (builtAutoPassthroughFilterChains)",
		Explains: []string{"EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				l.apart(c, func(caller *istio.Cluster) {
					for _, missing := range unknownSubsets(l, caller, c) {
						findUnknownSubset(l, caller, c, missing)
					}
				})
			})
		},
	}
}

// routedSubset is a subset that calls are routed to and the rules that define it.
type routedSubset struct {
	way
	istio.Subset
	rule istio.Meta
}

// routedSubsets are the subsets that a cluster's calls to HelloWorld are routed to, as far
// as that cluster defines them.
func routedSubsets(l *Look, caller *istio.Cluster) []routedSubset {
	ways, ok := clientWays(l, caller)
	if !ok || !slices.ContainsFunc(ways, func(w way) bool { return w.subset != "" }) {
		return nil
	}
	rules, ok := clientRules(l, caller)
	if !ok {
		return nil
	}
	var routed []routedSubset
	for _, way := range ways {
		for _, rule := range rules {
			if subset, defined := subsetOf([]istio.DestinationRule{rule}, way.subset); defined {
				routed = append(routed, routedSubset{way: way, Subset: subset, rule: rule.Meta})
				break
			}
		}
	}
	return routed
}

// unknownSubsets are those that have pods in a destination, and that no DestinationRule
// which its gateways see defines.
func unknownSubsets(l *Look, caller, to *istio.Cluster) []routedSubset {
	routed := routedSubsets(l, caller)
	if len(routed) == 0 {
		return nil
	}
	gateways, okGateways := gatewayRules(l, to)
	pods, okPods := helloPods(l, to)
	if !okGateways || len(gateways) == 0 || !okPods {
		return nil
	}
	return slices.DeleteFunc(routed, func(r routedSubset) bool {
		defined := slices.ContainsFunc(gateways, func(rules []istio.DestinationRule) bool {
			_, found := subsetOf(rules, r.subset)
			return found
		})
		return defined || !slices.ContainsFunc(pods, func(p istio.Pod) bool { return inSubset(l, caller, to, p, r.Labels) })
	})
}

// inSubset is true for a pod of another cluster that has a subset's labels, those counted
// that istiod adds to endpoints.
func inSubset(l *Look, caller, to *istio.Cluster, pod istio.Pod, subset map[string]string) bool {
	for key, value := range subset {
		switch key {
		case names.Cluster:
			if !slices.Contains(idsIn(l, caller, to), value) {
				return false
			}
		case names.Network:
			if of, ok := network(l, to); !ok || of != value {
				return false
			}
		default:
			if pod.Labels[key] != value {
				return false
			}
		}
	}
	return true
}

func findUnknownSubset(l *Look, caller, c *istio.Cluster, missing routedSubset) {
	severity := Error
	if !missing.sure {
		severity = Warning
	}
	l.Find(Finding{
		Cluster: c.Name, Severity: severity, Pairs: []Pair{{caller.Name, c.Name}},
		Found: strings.Join([]string{
			fmt.Sprintf("VirtualService %s of %s routes HelloWorld's calls to subset %s", missing.by, caller.Name, missing.subset),
			fmt.Sprintf("no DestinationRule of %s that its gateway sees has that subset: the gateway refuses the server name", c.Name),
		}, "; "),
		Want: fmt.Sprintf("a DestinationRule for %s with subset %s in %s, visible in the gateway's namespace", l.helloHost(), missing.subset, c.Name),
		Fix: Fix{
			Text:     fmt.Sprintf("apply the DestinationRule of %s in %s, too, exported to the gateway's namespace; its subsets are enough:", caller.Name, c.Name),
			Commands: []string{show(l.plane(caller), "destinationrule", missing.rule), subsetsOf(l, l.plane(caller), l.plane(c), missing)},
		},
	})
}

// subsetsOf makes a rule with the subsets of the caller's in the destination's cluster.
func subsetsOf(l *Look, caller, c *istio.Cluster, missing routedSubset) string {
	var subsets []any
	rules, _ := caller.DestinationRules.Get()
	for _, rule := range rules {
		if rule.Meta == missing.rule {
			for _, subset := range rule.Spec.Subsets {
				subsets = append(subsets, map[string]any{"name": subset.Name, "labels": subset.Labels})
			}
		}
	}
	meta := missing.rule
	if own, _ := c.DestinationRules.Get(); slices.ContainsFunc(own, func(r istio.DestinationRule) bool { return r.Namespace == meta.Namespace && r.Name == meta.Name }) {
		meta.Name += "-subsets" // what is there stays
	}
	return applied(c, manifest(names.Networking+"/v1beta1", "DestinationRule", meta, map[string]any{"host": l.helloHost(), "subsets": subsets}))
}
