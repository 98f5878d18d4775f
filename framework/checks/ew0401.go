package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0401() Check {
	return Check{
		ID: "EW0401", Severity: Error,
		Title:    "A cluster has no network",
		Question: "Does every cluster of a mesh with several networks have a network?",
		Why:      "istiod takes endpoints without a network for reachable from everywhere: callers get the addresses of pods that they cannot reach.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#set-the-default-network-for-cluster1",
		Explains: []string{"EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { noNetwork(l, c) }) },
	}
}

func noNetwork(l *Look, c *istio.Cluster) {
	system, read := Need(l, c, c.System)
	if has, ok := network(l, c); !ok || !read || has != "" || !system.Found || byMeshNetworks(l, c) {
		return
	}
	pairs, several := withoutNetwork(l, c)
	severity := Error
	switch {
	case len(pairs) == 0 && (several || c.Network == ""):
		return
	case len(pairs) == 0:
		severity = Warning // one network for all, and it is only not written down
	}
	wanted := c.Network
	if wanted == "" {
		wanted = "NETWORK"
	}
	l.Find(Finding{
		Cluster: c.Name, Severity: severity, Pairs: pairs,
		Found: fmt.Sprintf("%s has no network: neither the namespace %s has the label %s, nor does the injector give proxies one", c.Name, names.System, names.Network),
		Want:  names.Network + "=" + wanted + " on the namespace, and values.global.network=" + wanted + " (asmcli: --network_id) in the control plane",
		Fix: Fix{
			Text:     "label the namespace, install the control plane with the same network, and restart gateways and workloads:",
			Commands: []string{labelNetwork(c, wanted)},
		},
	})
}

// withoutNetwork are the calls that a cluster without a network breaks: those from and to
// the clusters that are on another one, as far as they are not known to succeed. several is
// whether there are such clusters.
func withoutNetwork(l *Look, c *istio.Cluster) (pairs []Pair, several bool) {
	var networks []string
	gateways := false
	l.others(c, func(other *istio.Cluster) {
		if n, ok := network(l, other); ok && n != "" && !slices.Contains(networks, n) {
			networks = append(networks, n)
		}
		found, _ := other.Gateways.Get()
		gateways = gateways || len(found.Services) > 0
	})
	several = len(networks) > 1 || len(networks) == 1 && gateways
	l.others(c, func(other *istio.Cluster) {
		n, ok := network(l, other)
		declared := c.Network != "" && other.Network != "" && c.Network != other.Network
		if !ok || !declared && (n == "" || !several) {
			return
		}
		several = true
		for _, pair := range [][2]*istio.Cluster{{c, other}, {other, c}} {
			if !l.answered(pair[0], pair[1]) {
				pairs = append(pairs, Pair{Source: pair[0].Name, Destination: pair[1].Name})
			}
		}
	})
	return pairs, several
}

// byMeshNetworks is true where istiods know a way into the declared network without any
// Service that is labelled with it: MeshNetworks then say which network the cluster is on.
func byMeshNetworks(l *Look, c *istio.Cluster) bool {
	if c.Network == "" {
		return false
	}
	known, labelled := false, false
	l.each(func(other *istio.Cluster) {
		ways, _ := waysInto(l, other, c.Network)
		gateways, _ := other.Gateways.Get()
		known = known || len(ways) > 0
		labelled = labelled || len(leading(gateways, c.Network)) > 0
	})
	return known && !labelled
}

// labelNetwork puts a network on the namespace of the control plane.
func labelNetwork(c *istio.Cluster, network string) string {
	return kubectl(c, "label namespace "+names.System, quote(names.Network+"="+network), "--overwrite")
}
