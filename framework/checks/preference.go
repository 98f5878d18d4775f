package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// preference is why a cluster's calls to HelloWorld are not spread over all endpoints on
// purpose: some version may then never answer. It is empty for no reason; ok is false where
// that is not known.
func preference(l *Look, c *istio.Cluster) (reason string, ok bool) {
	near, okNear := nearness(l, c)
	if okNear && near != "" {
		return near, true
	}
	ways, okWays := clientWays(l, c)
	routed := slices.IndexFunc(ways, func(w way) bool { return w.by != istio.Meta{} && (w.subset != "" || !w.sure) })
	switch {
	case okWays && len(ways) == 0:
		return "a VirtualService routes calls to HelloWorld to another host", true
	case okWays && routed >= 0:
		return fmt.Sprintf("VirtualService %s routes calls to subsets of HelloWorld", ways[routed].by), true
	}
	return "", okNear && okWays
}

// nearness is why calls prefer some endpoints: settings that keep them in their locality, or
// with one endpoint. Without them outlier detection does, since the mesh's own locality
// setting is on by default (pilot/pkg/networking/core/loadbalancer).
func nearness(l *Look, c *istio.Cluster) (reason string, ok bool) {
	workloads, okWorkloads := Need(l, c, c.Workloads)
	for _, service := range workloads.Services {
		if service.Name == helloWorld && service.TrafficDistribution != "" {
			return fmt.Sprintf("the Service helloworld has trafficDistribution %s", service.TrafficDistribution), true
		}
	}
	rules, okRules := clientRules(l, c)
	for _, rule := range rules {
		policies := []*istio.TrafficPolicy{rule.Spec.TrafficPolicy}
		for _, subset := range rule.Spec.Subsets {
			policies = append(policies, subset.TrafficPolicy)
		}
		for _, policy := range policies {
			if what := prefers(policy); what != "" {
				return fmt.Sprintf("DestinationRule %s sets %s", rule.Meta, what), true
			}
		}
	}
	return "", okWorkloads && okRules
}

// prefers names what in a policy keeps calls from being spread; empty for nothing.
func prefers(policy *istio.TrafficPolicy) string {
	if policy == nil {
		return ""
	}
	balancers, outlier := []*istio.LoadBalancer{policy.LoadBalancer}, policy.OutlierDetection != nil
	for _, of := range policy.PortLevelSettings {
		if of.Port.Number == helloPort {
			balancers, outlier = append(balancers, of.LoadBalancer), outlier || of.OutlierDetection != nil
		}
	}
	off := false
	for _, balancer := range balancers {
		switch {
		case balancer == nil:
		case balancer.ConsistentHash != nil:
			return "consistentHash"
		case balancer.LocalityLB == nil:
		case balancer.LocalityLB.Enabled == nil || *balancer.LocalityLB.Enabled:
			return "localityLbSetting"
		default:
			off = true
		}
	}
	if outlier && !off {
		return "outlierDetection, with which calls stay in their locality"
	}
	return ""
}
