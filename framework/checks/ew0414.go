package checks

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0414() Check {
	return Check{
		ID: "EW0414", Severity: Error,
		Title:    "External IPs and load balancer of a gateway's Service do not both take connections",
		Question: "Do the addresses in spec.externalIPs of a gateway's Service take connections like the load balancer's?",
		Why:      "istiod adds spec.externalIPs to the load balancer's addresses and spreads calls over all: a fixed share of them stalls or is retried.",
		Source:   "https://github.com/istio/istio/issues/43656",
		Explains: []string{"EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { deadExternal(l, c) }) },
	}
}

func deadExternal(l *Look, c *istio.Cluster) {
	for _, found := range halfDead(l, c) {
		service := found.service
		var external, balancer []string
		for _, address := range found.dead {
			switch {
			case slices.Contains(service.ExternalIPs, address) && !slices.Contains(service.Addresses, address):
				external = append(external, address)
			case !found.balancerAlive:
				balancer = append(balancer, address)
			}
		}
		finding := Finding{Cluster: c.Name, Pairs: found.pairs, Want: "every address that istiod knows takes connections"}
		if len(external) > 0 {
			finding.Found = fmt.Sprintf("%s of spec.externalIPs of %s takes no connections; another address of the Service carries calls", wordsOf(external), serviceName(service))
			finding.Fix = Fix{
				Text:     "drop it from spec.externalIPs, unless callers elsewhere need it; then see that it leads here from every cluster:",
				Commands: []string{onService(c, "patch", service, "--type=merge", "--patch="+quote(keepExternal(service, external)))},
			}
			l.Find(finding)
		}
		if len(balancer) > 0 {
			finding.Found = fmt.Sprintf("the load balancer's address %s of %s takes no connections; those of spec.externalIPs carry calls: istiod uses both", wordsOf(balancer), serviceName(service))
			finding.Fix = Fix{
				Text:     "have the load balancer answer the other clusters at this address, or make the Service one without a load balancer, so that only spec.externalIPs are left:",
				Commands: []string{onService(c, "describe", service)},
			}
			l.Find(finding)
		}
	}
}

// keepExternal is the patch that leaves all external IPs but some.
func keepExternal(service istio.GatewayService, without []string) string {
	kept := slices.DeleteFunc(slices.Clone(service.ExternalIPs), func(a string) bool { return slices.Contains(without, a) })
	list, err := json.Marshal(kept)
	if err != nil || len(kept) == 0 {
		list = []byte("null")
	}
	return fmt.Sprintf(`{"spec":{"externalIPs":%s}}`, list)
}

// partly is a gateway's Service some of whose addresses take no connections while others
// carry calls.
type partly struct {
	service istio.GatewayService
	// dead are those addresses, all is how many there are, and pairs are the calls that meet
	// them.
	dead  []string
	all   int
	pairs []Pair
	// balancerAlive is whether one of the load balancer's addresses carries calls.
	balancerAlive bool
}

// halfDead are such Services of a cluster.
func halfDead(l *Look, c *istio.Cluster) []partly {
	wanted, known := meantNetwork(l, c)
	gateways, ok := Need(l, c, c.Gateways)
	if !known || !ok || wanted == "" {
		return nil
	}
	var all []partly
	for _, service := range leading(gateways, wanted) {
		found := partly{service: service}
		l.others(c, func(source *istio.Cluster) {
			if separate(l, source, c) {
				found.add(l, source, c, wanted)
			}
		})
		if len(found.dead) > 0 {
			all = append(all, found)
		}
	}
	return all
}

// add looks at the counters of one caller.
func (p *partly) add(l *Look, source, c *istio.Cluster, network string) {
	caller, ok := Need(l, source, source.Caller)
	if !ok || !caller.Proxy {
		return
	}
	endpoints, ok := Need(l, source, caller.Endpoints)
	if !ok {
		return
	}
	hosts := addresses(l, source, p.service, network)
	var dead []string
	alive := false
	for _, endpoint := range endpoints {
		host, ours := hosts[endpoint.Address]
		switch {
		case ours && refuses(endpoint):
			dead = append(dead, host)
		case ours && carries(endpoint):
			alive = true
			p.balancerAlive = p.balancerAlive || !slices.Contains(p.service.ExternalIPs, host)
		}
	}
	if !alive || len(dead) == 0 {
		return
	}
	p.all = max(p.all, len(hosts))
	p.pairs = append(p.pairs, Pair{Source: source.Name, Destination: c.Name})
	for _, host := range dead {
		if !slices.Contains(p.dead, host) {
			p.dead = append(p.dead, host)
		}
	}
}

// addresses are those of a Service as a caller's proxy has them, with port, and without:
// istiod resolves host names, so that what it knows for the network and no other Service has
// belongs to the one with the name.
func addresses(l *Look, source *istio.Cluster, service istio.GatewayService, network string) map[string]string {
	hosts := map[string]string{}
	port, ok := service.Entry()
	if !ok {
		return hosts
	}
	for _, host := range slices.Concat(service.Addresses, service.ExternalIPs) {
		if isIP(host) {
			hosts[joined(host, port.Port)] = host
		}
	}
	if len(hostNames(service)) == 0 {
		return hosts
	}
	taken := map[string]bool{}
	l.each(func(c *istio.Cluster) {
		gateways, _ := c.Gateways.Get()
		for _, other := range leading(gateways, network) {
			for _, address := range other.Entrances() {
				taken[address] = true
			}
		}
	})
	ways, _ := waysInto(l, source, network)
	for _, way := range ways {
		if address := joined(way.Address, way.Port); way.Port == service.Port && !taken[address] {
			hosts[address] = way.Address
		}
	}
	return hosts
}

// refuses is true for an endpoint to which connections failed and that answered nothing:
// during the calls, or, where it never answered, since the proxy began.
func refuses(e istio.Endpoint) bool {
	return e.During.Failed > 0 && e.During.Succeeded == 0 || e.Total.Failed > 0 && e.Total.Succeeded == 0
}

// carries is true for an endpoint that answers.
func carries(e istio.Endpoint) bool {
	return e.During.Succeeded > 0 || e.During == istio.Counters{} && e.Total.Succeeded > 0
}
