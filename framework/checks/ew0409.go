package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0409() Check {
	return Check{
		ID: "EW0409", Severity: Error,
		Title:    "The load balancer of a gateway has no address",
		Question: "Has the gateway's Service of type LoadBalancer an address?",
		Why:      "Without an address istiod knows no way into the network, and callers get the addresses of pods that they do not reach.",
		Source:   "https://kubernetes.io/docs/concepts/services-networking/service/#loadbalancer",
		Explains: []string{"EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { pendingGateway(l, c) }) },
	}
}

func pendingGateway(l *Look, c *istio.Cluster) {
	for _, service := range withoutAddress(l, c, "LoadBalancer") {
		found := fmt.Sprintf("%s of type LoadBalancer has no address: <pending>", serviceName(service.GatewayService))
		if n := len(service.Warnings); n > 0 {
			found += "; last warning: " + service.Warnings[n-1]
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: service.pairs, Found: found,
			Want: "an address in status.loadBalancer, or in spec.externalIPs",
			Fix: Fix{
				Text:     "see that a load balancer controller runs and that it has addresses or quota left, or set spec.externalIPs; the events of the Service say why it waits:",
				Commands: []string{onService(c, "describe", service.GatewayService)},
			},
		})
	}
}

// closed is a gateway's Service without any address, and the calls that need one.
type closed struct {
	istio.GatewayService
	pairs []Pair
}

// withoutAddress are the Services of some types that are meant as the way into a cluster's
// network and give no address, where there is no other way either.
func withoutAddress(l *Look, c *istio.Cluster, types ...string) []closed {
	wanted, known := meantNetwork(l, c)
	gateways, ok := Need(l, c, c.Gateways)
	if !known || !ok || wanted == "" {
		return nil
	}
	services := slices.DeleteFunc(wayIn(gateways, wanted), func(s istio.GatewayService) bool {
		_, has := s.Entry()
		return !slices.Contains(types, s.Type) || !has || len(s.Entrances()) > 0
	})
	if len(services) == 0 {
		return nil
	}
	pairs := l.shut(c, wanted)
	if len(pairs) == 0 {
		return nil
	}
	all := make([]closed, 0, len(services))
	for _, service := range services {
		all = append(all, closed{service, pairs})
	}
	return all
}
