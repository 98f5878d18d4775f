package checks

import (
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// direction is what a NetworkPolicy says of calls into pods, or out of them.
type direction struct {
	closes   func(istio.NetworkPolicy) bool
	rules    func(istio.NetworkPolicy) int
	ports    func(istio.NetworkPolicy) []uint32
	complete func(istio.NetworkPolicy) bool
}

func ingress() direction {
	return direction{
		closes:   func(p istio.NetworkPolicy) bool { return p.Ingress },
		rules:    func(p istio.NetworkPolicy) int { return p.IngressRules },
		ports:    func(p istio.NetworkPolicy) []uint32 { return p.IngressPorts },
		complete: func(p istio.NetworkPolicy) bool { return p.IngressComplete },
	}
}

func egress() direction {
	return direction{
		closes:   func(p istio.NetworkPolicy) bool { return p.Egress },
		rules:    func(p istio.NetworkPolicy) int { return p.EgressRules },
		ports:    func(p istio.NetworkPolicy) []uint32 { return p.EgressPorts },
		complete: func(p istio.NetworkPolicy) bool { return p.EgressComplete },
	}
}

// closing are the policies that together plainly close a direction for a pod: none has any
// exception, or none has one for the ports. Policies add up: a way is open that one opens.
// A policy's ports are those that packets are addressed to when they leave or reach the pod,
// before and after the sidecar.
func closing(all []istio.NetworkPolicy, pod istio.Pod, way direction, ports ...uint32) []istio.Meta {
	var by []istio.Meta
	for _, policy := range all {
		if policy.Namespace != pod.Namespace || !way.closes(policy) || !policy.PodSelector.Selects(pod.Labels) {
			continue
		}
		if way.rules(policy) > 0 && (len(ports) == 0 || !way.complete(policy)) {
			return nil
		}
		if slices.ContainsFunc(way.ports(policy), func(p uint32) bool { return p == 0 || slices.Contains(ports, p) }) {
			return nil
		}
		by = append(by, policy.Meta)
	}
	return by
}
