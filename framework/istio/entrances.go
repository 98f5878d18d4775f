package istio

import (
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// Entry is the port of the Service that istiod sends callers of other networks to; ok is
// false where it has none.
func (s GatewayService) Entry() (port ServicePort, ok bool) {
	i := slices.IndexFunc(s.Ports, func(p ServicePort) bool { return p.Port == s.Port })
	if i < 0 {
		return ServicePort{}, false
	}
	return s.Ports[i], true
}

// AddressesOf are where callers of other networks reach a gateway's Service: what its load
// balancer has, or else its external IPs.
func AddressesOf(service *corev1.Service) []string {
	gateway := gatewayServiceOf(service)
	if len(gateway.Addresses) > 0 {
		return gateway.Addresses
	}
	return gateway.ExternalIPs
}

// Entrances are the addresses, with port, at which istiod has callers enter through the
// Service, host names included (conversion.go and network.go in
// pilot/pkg/serviceregistry/kube).
func (s GatewayService) Entrances() []string {
	port, ok := s.Entry()
	if !ok {
		return nil
	}
	number, hosts := port.Port, s.ExternalIPs
	switch {
	case s.Type == "LoadBalancer":
		hosts = slices.Concat(s.Addresses, s.ExternalIPs)
	case s.Type == "NodePort" && s.NodeSelector != "":
		number = port.NodePort
		if len(hosts) == 0 {
			hosts = s.Nodes
		}
	}
	all := make([]string, 0, len(hosts))
	for _, host := range hosts {
		all = append(all, net.JoinHostPort(host, strconv.FormatUint(uint64(number), 10)))
	}
	return all
}
