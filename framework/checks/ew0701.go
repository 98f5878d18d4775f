package checks

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0701() Check {
	return Check{
		ID: "EW0701", Severity: Error,
		Title:    "A PeerAuthentication disables mutual TLS for HelloWorld",
		Question: "Is mutual TLS on for HelloWorld in every cluster, by the PeerAuthentication that is in effect there?",
		Why:      "Gateways tell services apart by the server name of mutual TLS: without it istiod leaves out all endpoints behind gateways, and the gateway forwards nothing.",
		Source:   "istio/istio, pilot/pkg/xds/endpoints/mtls_checker.go and ep_filters.go; https://istio.io/latest/docs/reference/config/security/peer_authentication/",
		Explains: []string{"EW0512", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				all, ok := Need(l, l.plane(c), l.plane(c).PeerAuthentications)
				if !ok || len(all) == 0 {
					return
				}
				if mesh, ok := meshOf(l, c); ok {
					all = inEffect(c, all, func(p istio.PeerAuthentication) istio.Meta { return p.Meta })
					judgePeerModes(l, c, all, rootNamespace(mesh))
				}
			})
		},
	}
}

// judgePeerModes looks at calls that arrive in a cluster, and at those that leave it: the
// caller's istiod applies its own policies to the pods of all clusters.
func judgePeerModes(l *Look, c *istio.Cluster, all []istio.PeerAuthentication, root string) {
	var pairs []Pair
	var by istio.Meta
	if policy, off := disabledFor(l, c, all, root); off {
		by = policy
		l.apart(c, func(other *istio.Cluster) { pairs = append(pairs, Pair{other.Name, c.Name}) })
	}
	l.apart(c, func(other *istio.Cluster) {
		if policy, off := disabledFor(l, other, all, root); off && !mutualByRule(l, c) {
			by = policy
			pairs = append(pairs, Pair{c.Name, other.Name})
		}
	})
	if len(pairs) == 0 {
		return
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("PeerAuthentication %s of %s disables mutual TLS for HelloWorld: endpoints behind gateways are left out", by, c.Name),
		Want:  "mode STRICT or PERMISSIVE for HelloWorld's pods",
		Fix: Fix{
			Text:     fmt.Sprintf("set STRICT or PERMISSIVE there, or in a PeerAuthentication of namespace %s, which wins over one for the whole mesh:", l.Namespace),
			Commands: []string{show(l.plane(c), "peerauthentication", by), mutualAgain(l.plane(c), all, by)},
		},
	})
}

// disabledFor is true where policies disable mutual TLS for all of HelloWorld's pods of a
// cluster.
func disabledFor(l *Look, of *istio.Cluster, all []istio.PeerAuthentication, root string) (by istio.Meta, off bool) {
	pods, _ := helloPods(l, of)
	for _, pod := range pods {
		mode, policy, ok := peerMode(all, root, pod, helloPort)
		if !ok || mode != modeDisable {
			return istio.Meta{}, false
		}
		by, off = policy, true
	}
	return by, off
}

// mutualByRule is true where a DestinationRule of the caller's cluster asks for mutual TLS,
// whatever the PeerAuthentication says, and also where that is not known.
func mutualByRule(l *Look, c *istio.Cluster) bool {
	rules, ok := clientRules(l, c)
	if !ok {
		return true
	}
	mode, ok := tlsMode(rules, "", helloPort)
	return !ok || mode.value == modeIstioMutual
}

// mutualAgain sets PERMISSIVE where a policy has DISABLE for HelloWorld.
func mutualAgain(c *istio.Cluster, all []istio.PeerAuthentication, by istio.Meta) string {
	patch := `{"spec":{"mtls":{"mode":"PERMISSIVE"}}}`
	port := strconv.Itoa(helloPort)
	if slices.ContainsFunc(all, func(p istio.PeerAuthentication) bool {
		return p.Meta == by && p.Spec.PortLevelMTLS[port].Mode == modeDisable
	}) {
		patch = fmt.Sprintf(`{"spec":{"portLevelMtls":{%q:{"mode":"PERMISSIVE"}}}}`, port)
	}
	return patched(c, "peerauthentication", by, patch)
}
