package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0415() Check {
	return Check{
		ID: "EW0415", Severity: Error,
		Title:    "One of several load balancer addresses of a gateway takes no connections",
		Question: "Do all addresses of a gateway's load balancer take connections?",
		Why:      "istiod spreads calls over all addresses: a fixed share of them stalls or is retried.",
		Source:   "https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/1895",
		Explains: []string{"EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { deadZone(l, c) }) },
	}
}

func deadZone(l *Look, c *istio.Cluster) {
	for _, found := range halfDead(l, c) {
		dead := slices.DeleteFunc(found.dead, func(address string) bool { return slices.Contains(found.service.ExternalIPs, address) })
		if len(dead) == 0 || !found.balancerAlive {
			continue
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: found.pairs,
			Found: fmt.Sprintf("%d of the %d addresses of %s take no connections (%s); others carry calls", len(dead), found.all, serviceName(found.service), wordsOf(dead)),
			Want:  "every address of the load balancer takes connections",
			Fix: Fix{
				Text:     "see to the zone behind the address: its target or node must pass the load balancer's health check, and firewalls must let the gateway's port in; or turn on cross-zone load balancing, so that every address leads to every gateway pod:",
				Commands: []string{onService(c, "describe", found.service)},
			},
		})
	}
}
