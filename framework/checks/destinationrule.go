package checks

import (
	"cmp"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// client is a proxy that looks for the DestinationRules of a Service.
type client struct {
	namespace string
	labels    map[string]string
}

// target is a Service.
type target struct {
	host, namespace string
	port            uint32
}

// hello is HelloWorld's Service.
func (l *Look) hello() target {
	return target{host: l.helloHost(), namespace: l.Namespace, port: helloPort}
}

// fullHost completes the host of a resource as istiod does: only a name without any dot is
// looked up in the resource's namespace (pilot/pkg/model/virtualservice.go,
// ResolveShortnameToFQDN).
func fullHost(host, namespace string) string {
	if strings.Contains(host, ".") || host == "*" {
		return host
	}
	return istio.Host(host, namespace)
}

// covers is true where a host, which may begin with a wildcard, means another.
func covers(pattern, host string) bool {
	suffix, wild := strings.CutPrefix(pattern, "*")
	return pattern == host || wild && strings.HasSuffix(host, suffix)
}

// rulesFor are the DestinationRules that are joined for a client's calls to a Service: those
// of the most specific host in the client's namespace, or else in the Service's, or else in
// the root namespace (pilot/pkg/model/push_context.go, destinationRule).
func rulesFor(all []istio.DestinationRule, mesh istio.MeshConfig, who client, of target) []istio.DestinationRule {
	root := rootNamespace(mesh)
	own := func(r istio.DestinationRule) bool {
		if who.namespace == root {
			// So that rules for the whole mesh do not hide those of the Service's namespace.
			return private(r, mesh)
		}
		return r.Spec.WorkloadSelector != nil || istio.Exported(r.Spec.ExportTo, nil, r.Namespace, who.namespace)
	}
	if rules := mostSpecific(all, who.namespace, of.host, own); len(rules) > 0 {
		return chosen(rules, who)
	}
	for _, namespace := range []string{of.namespace, root} {
		rules := mostSpecific(all, namespace, of.host, func(r istio.DestinationRule) bool { return !private(r, mesh) })
		visible := slices.DeleteFunc(rules, func(r istio.DestinationRule) bool {
			return !istio.Exported(r.Spec.ExportTo, nil, r.Namespace, who.namespace)
		})
		if len(visible) > 0 {
			return chosen(visible, who)
		}
	}
	return nil
}

// private is true for a rule that other namespaces do not see.
func private(r istio.DestinationRule, mesh istio.MeshConfig) bool {
	exportTo := r.Spec.ExportTo
	if r.Spec.WorkloadSelector != nil {
		return true
	}
	if len(exportTo) == 0 {
		return slices.Contains(mesh.DefaultDestinationRuleExportTo, ".")
	}
	return len(exportTo) == 1 && (exportTo[0] == "." || exportTo[0] == r.Namespace)
}

// mostSpecific are the rules of a namespace that have the most specific host of those which
// cover a Service.
func mostSpecific(all []istio.DestinationRule, namespace, host string, seen func(istio.DestinationRule) bool) []istio.DestinationRule {
	var rules []istio.DestinationRule
	best := ""
	for _, rule := range all {
		full := fullHost(rule.Spec.Host, namespace)
		if rule.Namespace != namespace || !covers(full, host) || !seen(rule) {
			continue
		}
		switch {
		case full == best:
			rules = append(rules, rule)
		case best == "" || full == host || best != host && len(full) > len(best):
			rules, best = []istio.DestinationRule{rule}, full
		}
	}
	return rules
}

// chosen are those of the rules that select the client, or else those for all clients.
func chosen(rules []istio.DestinationRule, who client) []istio.DestinationRule {
	var selecting, others []istio.DestinationRule
	for _, rule := range rules {
		switch {
		case rule.Spec.WorkloadSelector == nil:
			others = append(others, rule)
		case rule.Namespace == who.namespace && rule.Spec.WorkloadSelector.Selects(who.labels):
			selecting = append(selecting, rule)
		}
	}
	if len(selecting) > 0 {
		return selecting
	}
	return others
}

// setting is something that joined rules say of a port, and the rule that says it. It is
// empty where none says anything.
type setting struct {
	value string
	by    istio.Meta
}

// tlsMode is the mode of TLS for a subset, or, without a name, for all endpoints. Of several
// rules the oldest decides; ok is false where they differ, since their age is not known.
func tlsMode(rules []istio.DestinationRule, subset string, port uint32) (mode setting, ok bool) {
	for _, rule := range rules[min(1, len(rules)):] {
		if !slices.Equal(rule.Spec.ExportTo, rules[0].Spec.ExportTo) {
			return setting{}, false // istiod keeps such rules apart
		}
	}
	if subset != "" {
		mode, ok = settled(rules, port, func(r istio.DestinationRule) *istio.TrafficPolicy {
			i := slices.IndexFunc(r.Spec.Subsets, func(s istio.Subset) bool { return s.Name == subset })
			if i < 0 {
				return nil
			}
			return r.Spec.Subsets[i].TrafficPolicy
		})
		if !ok || mode.value != "" {
			return mode, ok
		}
	}
	return settled(rules, port, func(r istio.DestinationRule) *istio.TrafficPolicy { return r.Spec.TrafficPolicy })
}

// settled is the mode of those rules that have a policy.
func settled(rules []istio.DestinationRule, port uint32, policyOf func(istio.DestinationRule) *istio.TrafficPolicy) (mode setting, ok bool) {
	found := false
	for _, rule := range rules {
		policy := policyOf(rule)
		if policy == nil {
			continue
		}
		own := setting{value: modeForPort(policy, port), by: rule.Meta}
		if found && own.value != mode.value {
			return setting{}, false
		}
		mode, found = own, true
	}
	return mode, true
}

func modeForPort(policy *istio.TrafficPolicy, port uint32) string {
	mode := ""
	if policy.TLS != nil {
		mode = cmp.Or(policy.TLS.Mode, modeDisable) // the zero value of the field
	}
	for _, of := range policy.PortLevelSettings {
		if of.Port.Number == port && of.TLS != nil {
			return cmp.Or(of.TLS.Mode, modeDisable)
		}
	}
	return mode
}

// subsetOf finds a subset of joined rules.
func subsetOf(rules []istio.DestinationRule, name string) (istio.Subset, bool) {
	for _, rule := range rules {
		for _, subset := range rule.Spec.Subsets {
			if subset.Name == name {
				return subset, true
			}
		}
	}
	return istio.Subset{}, false
}

// clientRules are the DestinationRules for Sleep's calls to HelloWorld.
func clientRules(l *Look, c *istio.Cluster) ([]istio.DestinationRule, bool) {
	all, ok := Need(l, l.plane(c), l.plane(c).DestinationRules)
	if !ok || len(all) == 0 {
		return nil, ok
	}
	mesh, okMesh := meshOf(l, c)
	workloads, okWorkloads := Need(l, c, c.Workloads)
	if !okMesh || !okWorkloads {
		return nil, false
	}
	who := client{namespace: l.Namespace}
	if pods := runs(workloads, sleep); len(pods) > 0 {
		who.labels = pods[0].Labels
	}
	return rulesFor(inEffect(c, all, ruleMeta), mesh, who, l.hello()), true
}

// gatewayRules are, for each namespace of the cluster's gateways, the DestinationRules by
// which they hand calls on to HelloWorld.
func gatewayRules(l *Look, c *istio.Cluster) ([][]istio.DestinationRule, bool) {
	all, ok := Need(l, l.plane(c), l.plane(c).DestinationRules)
	namespaces, okGateways := gatewayNamespaces(l, c)
	mesh, okMesh := meshOf(l, c)
	if !ok || !okGateways || !okMesh {
		return nil, false
	}
	rules := make([][]istio.DestinationRule, 0, len(namespaces))
	for _, namespace := range namespaces {
		rules = append(rules, rulesFor(inEffect(c, all, ruleMeta), mesh, client{namespace: namespace}, l.hello()))
	}
	return rules, true
}

func ruleMeta(r istio.DestinationRule) istio.Meta { return r.Meta }
