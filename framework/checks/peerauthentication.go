package checks

import (
	"cmp"
	"strconv"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// Modes of mutual TLS.
const (
	modeUnset       = "UNSET"
	modeDisable     = "DISABLE"
	modePermissive  = "PERMISSIVE"
	modeIstioMutual = "ISTIO_MUTUAL"
)

// peerMode is the mode of mutual TLS in effect for a port of a pod, and the policy that sets
// it, if any. The most specific policy wins, and UNSET inherits; a selector in the root
// namespace reaches no other namespace, and modes of ports count in policies with a selector
// only (pilot/pkg/security/authn/policy_applier.go, ComposePeerAuthentication). Of several of
// the same scope the oldest wins; since their age is not known, ok is false where they differ.
func peerMode(all []istio.PeerAuthentication, root string, pod istio.Pod, port uint32) (mode string, by istio.Meta, ok bool) {
	var workload, namespace, mesh []istio.PeerAuthentication
	for _, policy := range all {
		switch everywhere := policy.Spec.Selector.All(); {
		case everywhere && policy.Namespace == root:
			mesh = append(mesh, policy)
		case policy.Namespace != pod.Namespace || policy.Namespace == root:
		case everywhere:
			namespace = append(namespace, policy)
		case policy.Spec.Selector.Selects(pod.Labels):
			workload = append(workload, policy)
		}
	}
	ofPort := func(p istio.PeerAuthentication) string { return p.Spec.PortLevelMTLS[strconv.Itoa(int(port))].Mode }
	for _, scope := range []struct {
		policies []istio.PeerAuthentication
		mode     func(istio.PeerAuthentication) string
	}{{workload, ofPort}, {workload, topMode}, {namespace, topMode}, {mesh, topMode}} {
		mode, by, ok := agreed(scope.policies, scope.mode)
		if !ok || mode != modeUnset {
			return mode, by, ok
		}
	}
	return modePermissive, istio.Meta{}, true
}

func topMode(p istio.PeerAuthentication) string {
	if p.Spec.MTLS == nil {
		return ""
	}
	return p.Spec.MTLS.Mode
}

// agreed is the mode that all policies of a scope have; UNSET for none.
func agreed(policies []istio.PeerAuthentication, of func(istio.PeerAuthentication) string) (mode string, by istio.Meta, ok bool) {
	mode = modeUnset
	for i, policy := range policies {
		own := cmp.Or(of(policy), modeUnset)
		if i > 0 && own != mode {
			return "", istio.Meta{}, false
		}
		mode, by = own, policy.Meta
	}
	return mode, by, true
}
