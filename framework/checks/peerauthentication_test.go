package checks

import (
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func peerPolicy(namespace, name, mode string, selector, ports map[string]string) istio.PeerAuthentication {
	p := istio.PeerAuthentication{Meta: istio.Meta{Namespace: namespace, Name: name}}
	if mode != "" {
		p.Spec.MTLS = &istio.MutualTLS{Mode: mode}
	}
	if selector != nil {
		p.Spec.Selector = &istio.WorkloadSelector{MatchLabels: selector}
	}
	for port, mode := range ports {
		if p.Spec.PortLevelMTLS == nil {
			p.Spec.PortLevelMTLS = map[string]istio.MutualTLS{}
		}
		p.Spec.PortLevelMTLS[port] = istio.MutualTLS{Mode: mode}
	}
	return p
}

func TestPeerMode(t *testing.T) {
	app, other := map[string]string{"app": "helloworld"}, map[string]string{"app": "other"}
	port := map[string]string{"5000": "DISABLE"}
	mesh := peerPolicy("root", "mesh", "DISABLE", nil, nil)
	for name, test := range map[string]struct {
		policies []istio.PeerAuthentication
		mode, by string
		unknown  bool
	}{
		"none":                            {mode: "PERMISSIVE", by: "/"},
		"mesh-wide":                       {policies: []istio.PeerAuthentication{mesh}, mode: "DISABLE", by: "root/mesh"},
		"the namespace wins":              {policies: []istio.PeerAuthentication{mesh, peerPolicy("sample", "ns", "STRICT", nil, nil)}, mode: "STRICT", by: "sample/ns"},
		"unset inherits":                  {policies: []istio.PeerAuthentication{mesh, peerPolicy("sample", "ns", "UNSET", nil, nil), peerPolicy("sample", "pod", "", app, nil)}, mode: "DISABLE", by: "root/mesh"},
		"the workload wins":               {policies: []istio.PeerAuthentication{peerPolicy("sample", "pod", "DISABLE", app, nil), peerPolicy("sample", "ns", "STRICT", nil, nil)}, mode: "DISABLE", by: "sample/pod"},
		"another workload":                {policies: []istio.PeerAuthentication{peerPolicy("sample", "pod", "DISABLE", other, nil)}, mode: "PERMISSIVE", by: "/"},
		"the port wins":                   {policies: []istio.PeerAuthentication{peerPolicy("sample", "pod", "STRICT", app, port)}, mode: "DISABLE", by: "sample/pod"},
		"a port without a selector":       {policies: []istio.PeerAuthentication{peerPolicy("sample", "ns", "STRICT", nil, port)}, mode: "STRICT", by: "sample/ns"},
		"an unset port":                   {policies: []istio.PeerAuthentication{peerPolicy("sample", "pod", "STRICT", app, map[string]string{"5000": "UNSET"})}, mode: "STRICT", by: "sample/pod"},
		"a selector in the root":          {policies: []istio.PeerAuthentication{peerPolicy("root", "pod", "DISABLE", app, nil)}, mode: "PERMISSIVE", by: "/"},
		"another namespace":               {policies: []istio.PeerAuthentication{peerPolicy("team", "ns", "DISABLE", nil, nil)}, mode: "PERMISSIVE", by: "/"},
		"two that differ":                 {policies: []istio.PeerAuthentication{peerPolicy("sample", "a", "DISABLE", nil, nil), peerPolicy("sample", "b", "STRICT", nil, nil)}, unknown: true},
		"two that agree":                  {policies: []istio.PeerAuthentication{peerPolicy("sample", "a", "STRICT", nil, nil), peerPolicy("sample", "b", "STRICT", nil, nil)}, mode: "STRICT", by: "sample/b"},
		"two that differ, and a workload": {policies: []istio.PeerAuthentication{peerPolicy("sample", "a", "DISABLE", nil, nil), peerPolicy("sample", "b", "STRICT", nil, nil), peerPolicy("sample", "pod", "STRICT", app, nil)}, mode: "STRICT", by: "sample/pod"},
	} {
		t.Run(name, func(t *testing.T) {
			mode, by, ok := peerMode(test.policies, "root", istio.Pod{Namespace: "sample", Labels: app}, helloPort)
			if ok == test.unknown || ok && (mode != test.mode || by.String() != test.by) {
				t.Errorf("want %s by %s, unknown %t, got %s by %s, %t", test.mode, test.by, test.unknown, mode, by, !ok)
			}
		})
	}
}
