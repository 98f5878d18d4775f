package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// healthyRemote is a sound mesh of so many clusters of which the last has no control plane
// of its own and is served by the first.
func healthyRemote(clusters int) *istio.Snapshot {
	s := healthy(clusters)
	primary, c := &s.Clusters[0], &s.Clusters[clusters-1]
	c.Istiods, c.MeshConfigs, c.Injectors = istio.Read[[]istio.Istiod](nil), istio.Read[[]istio.MeshConfig](nil), istio.Read[[]istio.Injector](nil)
	c.RemoteSecrets, c.Servers = istio.Read[[]istio.RemoteSecret](nil), istio.Read[[]istio.Server](nil)
	c.CARoots, c.CACertificates = istio.Read[[]istio.Certificate](nil), istio.Read[[]istio.Certificate](nil)
	edit(&c.System, func(n *istio.Namespace) { n.ControlPlanes = primary.Name })
	edit(&c.Webhooks, func(all *[]istio.Webhook) {
		(*all)[0].Path = fmt.Sprintf("/inject/cluster/%s/net/%s", c.Name, c.Network)
		(*all)[0].Beyond = istio.Read([]string{gatewayAddress(1)})
	})
	edit(&primary.Gateways, func(g *istio.Gateways) {
		for _, port := range []uint32{names.IstiodPort, names.InjectionPort} {
			g.Services[0].Ports = append(g.Services[0].Ports, istio.ServicePort{Name: fmt.Sprintf("tls-%d", port), Port: port, TargetPort: port})
		}
	})
	edit(&primary.Servers, func(all *[]istio.Server) {
		for _, port := range []uint32{names.IstiodPort, names.InjectionPort} {
			*all = append(*all, istio.Server{
				Meta: istio.Meta{Namespace: names.System, Name: "istiod-gateway"}, Selector: map[string]string{names.GatewayLabel: names.GatewayValue},
				Port: port, Protocol: "TLS", Mode: "PASSTHROUGH", Hosts: []string{"*"},
			})
		}
	})
	return s
}
