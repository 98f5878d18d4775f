package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// gatewayNames finds host names of a cluster's gateway that the others cannot
// use (F-21): because they do not resolve, or because istiod asked too early.
func gatewayNames(owner Facts, fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, service := range owner.Gateway.Services {
		for _, name := range hostNames(service) {
			if finding, broken := nameProblem(owner, service, name, fleet); broken {
				found = append(found, finding)
			}
		}
	}
	return found
}

func nameProblem(owner Facts, service GatewayService, name string, fleet []Facts) (report.Finding, bool) {
	var unresolved, unknown []string
	for _, other := range reached(fleet) {
		if other.Cluster.Name == owner.Cluster.Name {
			continue
		}
		if slices.Contains(other.Sample.Lookups, Lookup{Name: name}) {
			unresolved = append(unresolved, other.Cluster.Name)
		}
		if ignorant(other, owner, service.Network) {
			unknown = append(unknown, other.Cluster.Name)
		}
	}
	finding := report.Finding{Cluster: owner.Cluster.Name, Cause: "F-21", Want: fmt.Sprintf("%s resolves in every cluster, and every istiod knows its addresses", name)}
	what := fmt.Sprintf("%s, the host name of Service istio-system/%s,", name, service.Name)
	switch {
	case len(unresolved) > 0:
		finding.Found = fmt.Sprintf("%s does not resolve from a pod of %s", what, strings.Join(unresolved, ", "))
		finding.Remedy = remedyName(name)
	case len(unknown) > 0:
		finding.Found = fmt.Sprintf("%s did not resolve when istiod of %s asked last: it knows no gateway of network %s", what, strings.Join(unknown, ", "), service.Network)
		finding.Remedy = remedyNameLate(name)
	default:
		return report.Finding{}, false
	}
	return finding, true
}

// ignorant is whether a cluster's istiod, although it is synced with the owner
// of a gateway, knows no way into the owner's network.
func ignorant(facts, owner Facts, network string) bool {
	if network == "" || network == facts.NamespaceNetwork {
		return false
	}
	for _, istiod := range facts.Istiods {
		synced := slices.ContainsFunc(istiod.Remotes, func(r Remote) bool { return r.ID == owner.Cluster.Name && r.Status == "synced" })
		known := slices.ContainsFunc(istiod.Gateways, func(g fleet.NetworkGateway) bool { return g.Network == network })
		if istiod.GatewaysKnown && synced && !known {
			return true
		}
	}
	return false
}

// deadZones finds, among several addresses of a cluster's gateway, those that
// no caller can connect to while others carry calls (F-21). Where none carries
// calls the rung "traffic" says so.
func deadZones(owner Facts, fleet []Facts) []report.Finding {
	addresses := entries(owner, fleet)
	var found []report.Finding
	for _, other := range reached(fleet) {
		if other.Cluster.Name == owner.Cluster.Name || !other.Sample.HostsKnown {
			continue
		}
		hosts := slices.DeleteFunc(slices.Clone(other.Sample.Hosts), func(h probe.Host) bool { return !slices.Contains(addresses, h.Address) })
		var dead []string
		for _, host := range hosts {
			if deadHost(host, other.Sample.Before) {
				dead = append(dead, host.Address)
			}
		}
		if len(dead) == 0 || len(dead) == len(hosts) {
			continue
		}
		found = append(found, report.Finding{
			Cluster: owner.Cluster.Name, Cause: "F-21",
			Found: fmt.Sprintf("%d of the %d addresses of the gateway cannot be connected to from %s (%s); the others carry calls",
				len(dead), len(hosts), other.Cluster.Name, strings.Join(dead, ", ")),
			Want: "every address of the gateway takes connections: calls are spread over all of them", Remedy: remedyZone(strings.Join(dead, ", ")),
		})
		break // one caller's word is enough
	}
	return found
}

// entries are the addresses, with port, at which a cluster's network is
// entered: those of its Services, and what istiods resolved host names to.
func entries(owner Facts, fleet []Facts) []string {
	addresses := gatewayAddresses(owner)
	networks := map[string]bool{}
	for _, service := range owner.Gateway.Services {
		networks[service.Network] = service.Network != "" && len(hostNames(service)) > 0
	}
	for _, facts := range reached(fleet) {
		for _, istiod := range facts.Istiods {
			for _, gateway := range istiod.Gateways {
				if networks[gateway.Network] {
					addresses = append(addresses, joinPort(gateway.Addr, int(gateway.Port)))
				}
			}
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses)
}

// deadHost is whether connections to a host failed and none served a request:
// since the proxy started, or during the diagnosis' own calls.
func deadHost(host probe.Host, before []probe.Host) bool {
	at := slices.IndexFunc(before, func(h probe.Host) bool { return h.Address == host.Address })
	failed, served := host.Counters["cx_connect_fail"], host.Counters["rq_success"]
	if failed > 0 && served == 0 {
		return true
	}
	return at >= 0 && failed > before[at].Counters["cx_connect_fail"] && served <= before[at].Counters["rq_success"]
}
