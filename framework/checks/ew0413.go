package checks

import (
	"fmt"
	"net"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0413() Check {
	return Check{
		ID: "EW0413", Severity: Error,
		Title:    "An istiod does not know the address of another cluster's gateway",
		Question: "Does every istiod that reads a cluster know an address for its network?",
		Why:      "Callers get the addresses of pods that they do not reach.",
		Source:   "https://github.com/istio/istio/issues/29359",
		Explains: []string{"EW0512", "EW08"},
		Judge: func(l *Look) {
			l.each(func(source *istio.Cluster) {
				l.others(source, func(destination *istio.Cluster) { ignorant(l, source, destination) })
			})
		},
	}
}

func ignorant(l *Look, source, destination *istio.Cluster) {
	wanted, known := meantNetwork(l, destination)
	gateways, ok := Need(l, destination, destination.Gateways)
	istiods, read := istiodsOf(l, source)
	plane := l.plane(source)
	secrets, readSecrets := Need(l, plane, plane.RemoteSecrets)
	if !known || !ok || !read || !readSecrets || !separate(l, source, destination) || l.answered(source, destination) {
		return
	}
	has, byName := usable(leading(gateways, wanted), source)
	if has == "" {
		return
	}
	for _, istiod := range istiods {
		remotes, ok := Need(l, istiod.at, istiod.Remotes)
		ways, read := Need(l, istiod.at, istiod.Networks)
		knows := slices.ContainsFunc(ways, func(w istio.NetworkGateway) bool { return w.Network == wanted })
		own := istiod.at.Name == destination.Name
		if !ok || !read || knows || !own && !synced(remotes, secrets, destination) {
			continue
		}
		fix := Fix{
			Text:     "see that the mesh's discoverySelectors do not leave out the namespace of the gateway; then restart istiod:",
			Commands: []string{restartIstiod(istiod.at, istiod.Istiod)},
		}
		if byName {
			fix.Text = "istiod resolves the name again after 30 s to 1 h: wait, or restart it to have it ask at once; see that its own DNS resolves the name and that RESOLVE_HOSTNAME_GATEWAYS is not false:"
		}
		l.Find(Finding{
			Cluster: istiod.at.Name, Pairs: []Pair{{source.Name, destination.Name}},
			Found: fmt.Sprintf("istiod %s of %s reads %s and knows no address for its network %q, although the gateway there has %s",
				istiod.Name, istiod.at.Name, destination.Name, wanted, has),
			Want: "an address for network " + wanted + " in istiod's " + names.Networkz, Fix: fix,
		})
		return
	}
}

// usable is an address at which callers of another cluster enter: an IP address, or a name
// that resolves there.
func usable(services []istio.GatewayService, source *istio.Cluster) (address string, byName bool) {
	caller, _ := source.Caller.Get()
	for _, service := range services {
		for _, entrance := range service.Entrances() {
			host, _, err := net.SplitHostPort(entrance)
			if err == nil && isIP(host) {
				return host, false
			}
			if slices.Contains(caller.Lookups, istio.Lookup{Name: host, Resolves: true}) {
				return host, true
			}
		}
	}
	return "", false
}

// restartIstiod restarts the control plane of an istiod.
func restartIstiod(c *istio.Cluster, istiod istio.Istiod) string {
	return kubectl(c, "rollout restart deployment --namespace="+quote(istiod.Namespace), quote(names.Suffixed(names.Istiod, istiod.Revision)))
}
