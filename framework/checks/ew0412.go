package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0412() Check {
	return Check{
		ID: "EW0412", Severity: Error,
		Title:    "The host name of a gateway does not resolve",
		Question: "Do the host names of gateways resolve in the other clusters?",
		Why:      "istiod resolves the name itself and leaves the gateway out while it cannot: callers get the addresses of pods that they do not reach.",
		Source:   "https://github.com/istio/istio/blob/master/pilot/pkg/model/network.go",
		Explains: []string{"EW0413", "EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { unresolvedName(l, c) }) },
	}
}

func unresolvedName(l *Look, c *istio.Cluster) {
	wanted, known := meantNetwork(l, c)
	gateways, ok := Need(l, c, c.Gateways)
	if !known || !ok || wanted == "" {
		return
	}
	for _, service := range leading(gateways, wanted) {
		for _, name := range hostNames(service) {
			var pairs []Pair
			l.crossings(c, func(source *istio.Cluster) {
				caller, asked := Need(l, source, source.Caller)
				ways, read := waysInto(l, source, wanted)
				// What istiod has resolved, callers need not resolve.
				if asked && read && len(ways) == 0 && slices.Contains(caller.Lookups, istio.Lookup{Name: name}) {
					pairs = append(pairs, Pair{Source: source.Name, Destination: c.Name})
				}
			})
			if len(pairs) > 0 {
				l.Find(nameFinding(l, c, service, name, pairs))
			}
		}
	}
}

func nameFinding(l *Look, c *istio.Cluster, service istio.GatewayService, name string, pairs []Pair) Finding {
	var sources, commands []string
	l.others(c, func(source *istio.Cluster) {
		if slices.Contains(pairs, Pair{source.Name, c.Name}) {
			sources = append(sources, source.Name)
			commands = append(commands, kubectl(source, "exec deployment/"+sleep, "--namespace="+quote(l.Namespace), "--container="+sleep, "-- nslookup", quote(name)))
		}
	})
	return Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("%s, the host name of %s, does not resolve from a pod of %s", name, serviceName(service), wordsOf(sources)),
		Want:  "a name that resolves in every cluster",
		Fix: Fix{
			Text:     "a new load balancer's name takes some minutes to resolve; if it still does not, see that the load balancer is there, and that the DNS of the other clusters may resolve its name (a private zone is not seen from elsewhere):",
			Commands: append(commands, onService(c, "describe", service)),
		},
	}
}
