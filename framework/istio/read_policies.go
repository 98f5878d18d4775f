package istio

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// networkPolicies reads those of the namespaces of control planes, gateways and workloads.
func (r *reader) networkPolicies(ctx context.Context) {
	var all []NetworkPolicy
	var err error
	for _, namespace := range r.meshNamespaces() {
		if err == nil {
			err = list(ctx, r, "networkpolicies.networking.k8s.io", namespace, "", r.listPolicies, func(page *networkingv1.NetworkPolicyList) {
				for i := range page.Items {
					all = append(all, networkPolicyOf(&page.Items[i]))
				}
			})
		}
	}
	r.out.NetworkPolicies = sectionOf("NetworkPolicies", all, err)
}

func (r *reader) listPolicies(ctx context.Context, namespace string, opts metav1.ListOptions) (*networkingv1.NetworkPolicyList, error) {
	return r.client.Kubernetes.NetworkingV1().NetworkPolicies(namespace).List(ctx, opts)
}

func networkPolicyOf(policy *networkingv1.NetworkPolicy) NetworkPolicy {
	spec := policy.Spec
	out := NetworkPolicy{
		Meta:        Meta{Namespace: policy.Namespace, Name: policy.Name, Revision: policy.Labels[names.Revision]},
		PodSelector: LabelSelector{spec.PodSelector}, IngressRules: len(spec.Ingress), EgressRules: len(spec.Egress),
		Ingress: len(spec.PolicyTypes) == 0 || slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeIngress),
		// Without types a policy limits what leaves only where it has rules for that.
		Egress: len(spec.PolicyTypes) == 0 && len(spec.Egress) > 0 || slices.Contains(spec.PolicyTypes, networkingv1.PolicyTypeEgress),
	}
	out.IngressComplete, out.EgressComplete = true, true
	for _, rule := range spec.Ingress {
		out.IngressComplete = out.IngressComplete && len(rule.From) == 0 && numbered(rule.Ports)
		if len(rule.From) == 0 {
			out.IngressPorts = append(out.IngressPorts, policyPorts(rule.Ports)...)
		}
	}
	for _, rule := range spec.Egress {
		out.EgressComplete = out.EgressComplete && len(rule.To) == 0 && numbered(rule.Ports)
		if len(rule.To) == 0 {
			out.EgressPorts = append(out.EgressPorts, policyPorts(rule.Ports)...)
		}
	}
	return out
}

// numbered is true where every port of a rule is one number.
func numbered(ports []networkingv1.NetworkPolicyPort) bool {
	return !slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		return p.EndPort != nil || p.Port != nil && p.Port.Type == intstr.String
	})
}

// policyPorts are the ports of a rule. A range, and a name, which means another port on
// each pod, may be any and are 0 like no port at all: nobody is to be accused in doubt.
func policyPorts(ports []networkingv1.NetworkPolicyPort) []uint32 {
	if len(ports) == 0 {
		return []uint32{0}
	}
	var numbers []uint32
	for _, port := range ports {
		switch {
		case port.Protocol != nil && *port.Protocol == corev1.ProtocolSCTP:
		case port.Port == nil, port.EndPort != nil, port.Port.Type == intstr.String:
			numbers = append(numbers, 0)
		default:
			numbers = append(numbers, number(port.Port.IntVal))
		}
	}
	return numbers
}
