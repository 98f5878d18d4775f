package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0702() Check {
	return Check{
		ID: "EW0702", Severity: Error,
		Title:    "A DestinationRule switches mutual TLS off for HelloWorld",
		Question: "Does the DestinationRule in effect for HelloWorld leave mutual TLS on, at top level, for port 5000 and in the subsets that calls are routed to?",
		Why:      "Only ISTIO_MUTUAL crosses gateways: with any other mode the caller's istiod leaves out endpoints behind gateways, and a gateway's istiod those of its own cluster.",
		Source:   "istio/istio, pilot/pkg/xds/endpoints/mtls_checker.go and ep_filters.go; pilot/pkg/model/push_context.go (destinationRule)",
		Explains: []string{"EW0512", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				all, ok := Need(l, l.plane(c), l.plane(c).DestinationRules)
				if !ok || len(all) == 0 {
					return
				}
				var faults []tlsFault
				if rules, ok := clientRules(l, c); ok {
					l.apart(c, func(other *istio.Cluster) {
						faults = addFault(faults, l, c, [][]istio.DestinationRule{rules}, Pair{c.Name, other.Name})
					})
				}
				if rules, ok := gatewayRules(l, c); ok {
					l.apart(c, func(other *istio.Cluster) {
						faults = addFault(faults, l, other, rules, Pair{other.Name, c.Name})
					})
				}
				for _, fault := range faults {
					findTLS(l, c, fault)
				}
			})
		},
	}
}

// tlsFault is a rule that sets the wrong mode, and the calls that it concerns.
type tlsFault struct {
	setting
	subset string
	sure   bool
	pairs  []Pair
}

// addFault adds the calls of a caller's cluster to the fault that concerns them, if any: one
// that all of the proxies' joined rules have.
func addFault(faults []tlsFault, l *Look, caller *istio.Cluster, proxies [][]istio.DestinationRule, pair Pair) []tlsFault {
	if !slices.ContainsFunc(slices.Concat(proxies...), setsTLS) {
		return faults
	}
	ways, ok := clientWays(l, caller)
	if !ok {
		return faults
	}
	for _, way := range ways {
		fault, wrong := tlsFault{}, len(proxies) > 0
		for _, rules := range proxies {
			mode, ok := tlsMode(rules, way.subset, helloPort)
			wrong = wrong && ok && mode.value != "" && mode.value != modeIstioMutual
			fault = tlsFault{setting: mode, subset: way.subset, sure: way.sure, pairs: []Pair{pair}}
		}
		if !wrong {
			continue
		}
		i := slices.IndexFunc(faults, func(f tlsFault) bool { return f.setting == fault.setting && f.sure == fault.sure })
		switch {
		case i < 0:
			faults = append(faults, fault)
		case !slices.Contains(faults[i].pairs, pair):
			faults[i].pairs = append(faults[i].pairs, pair)
		}
	}
	return faults
}

// setsTLS is true for a rule that says anything of TLS.
func setsTLS(r istio.DestinationRule) bool {
	says := func(p *istio.TrafficPolicy) bool { return p != nil && modeForPort(p, helloPort) != "" }
	return says(r.Spec.TrafficPolicy) || slices.ContainsFunc(r.Spec.Subsets, func(s istio.Subset) bool { return says(s.TrafficPolicy) })
}

func findTLS(l *Look, c *istio.Cluster, fault tlsFault) {
	severity, where := Error, ""
	if fault.subset != "" {
		where = fmt.Sprintf(" (calls are routed to its subset %s)", fault.subset)
	}
	if !fault.sure {
		severity = Warning
	}
	l.Find(Finding{
		Cluster: c.Name, Severity: severity, Pairs: fault.pairs,
		Found: fmt.Sprintf("DestinationRule %s of %s sets TLS mode %s for HelloWorld%s: endpoints behind gateways are left out", fault.by, c.Name, fault.value, where),
		Want:  "TLS mode ISTIO_MUTUAL, or none: istiod then chooses mutual TLS itself",
		Fix: Fix{
			Text:     fmt.Sprintf("take trafficPolicy.tls out or set ISTIO_MUTUAL; if the rule is meant for other hosts, add one for %s with ISTIO_MUTUAL in namespace %s, which wins:", l.helloHost(), l.Namespace),
			Commands: append([]string{show(l.plane(c), "destinationrule", fault.by)}, withoutTLS(l, l.plane(c), fault)...),
		},
	})
}

// withoutTLS takes the mode out of a rule that is for HelloWorld only.
func withoutTLS(l *Look, c *istio.Cluster, fault tlsFault) []string {
	rules, _ := c.DestinationRules.Get()
	i := slices.IndexFunc(rules, func(r istio.DestinationRule) bool { return r.Meta == fault.by })
	if i < 0 || fullHost(rules[i].Spec.Host, fault.by.Namespace) != l.helloHost() {
		return nil
	}
	var operations []string
	take := func(path string, policy *istio.TrafficPolicy) {
		if policy == nil {
			return
		}
		if policy.TLS != nil && policy.TLS.Mode != modeIstioMutual {
			operations = append(operations, fmt.Sprintf(`{"op":"remove","path":"%s/tls"}`, path))
		}
		for k, port := range policy.PortLevelSettings {
			if port.Port.Number == helloPort && port.TLS != nil && port.TLS.Mode != modeIstioMutual {
				operations = append(operations, fmt.Sprintf(`{"op":"remove","path":"%s/portLevelSettings/%d/tls"}`, path, k))
			}
		}
	}
	take("/spec/trafficPolicy", rules[i].Spec.TrafficPolicy)
	for k, subset := range rules[i].Spec.Subsets {
		take(fmt.Sprintf("/spec/subsets/%d/trafficPolicy", k), subset.TrafficPolicy)
	}
	if len(operations) == 0 {
		return nil
	}
	return []string{patched(c, "destinationrule", fault.by, "["+strings.Join(operations, ",")+"]")}
}
