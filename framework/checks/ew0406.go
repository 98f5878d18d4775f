package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0406() Check {
	return Check{
		ID: "EW0406", Severity: Error,
		Title:    "Clusters are on one network that the fleet file puts on different ones",
		Question: "Are clusters that do not reach each other's pods on networks of their own?",
		Why:      "istiod gives callers the addresses of the other cluster's pods instead of its gateway's: calls stall, or arrive at other pods where address ranges overlap.",
		Source:   "https://istio.io/latest/docs/ops/deployment/deployment-models/#network-models",
		Explains: []string{"EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { sharedNetwork(l, c) }) },
	}
}

func sharedNetwork(l *Look, c *istio.Cluster) {
	if !clash(l, c) {
		return
	}
	has, _ := meantNetwork(l, c)
	var pairs []Pair
	var with []string
	l.others(c, func(other *istio.Cluster) {
		if !clashes(l, c, other) {
			return
		}
		with = append(with, other.Name)
		pairs = append(pairs, Pair{Source: c.Name, Destination: other.Name}, Pair{Source: other.Name, Destination: c.Name})
	})
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("%s is on network %q like %s; the fleet file puts it on %q", c.Name, has, wordsOf(with), c.Network),
		Want:  names.Network + "=" + c.Network,
		Fix: Fix{
			Text: fmt.Sprintf("label the namespace, install control plane and gateway again with network %s, and restart the workloads; where the clusters do reach each other's pods, correct the fleet file instead:", c.Network),
			Commands: []string{
				labelNetwork(c, c.Network),
				installGateway(c, c.Network),
			},
		},
	})
}

// clash is true for a cluster that has the network of another one against the fleet file.
// Where both of two are, it is the later one of the fleet.
func clash(l *Look, c *istio.Cluster) bool {
	has, ok := meantNetwork(l, c)
	if !ok || has == "" || c.Network == "" || c.Network == has {
		return false
	}
	found := false
	before := true
	l.each(func(other *istio.Cluster) {
		if other.Name == c.Name {
			before = false
			return
		}
		found = found || clashes(l, c, other) && (before || other.Network == has)
	})
	return found
}

func clashes(l *Look, c, other *istio.Cluster) bool {
	first, okFirst := meantNetwork(l, c)
	second, okSecond := meantNetwork(l, other)
	return okFirst && okSecond && first == second && other.Network != "" && other.Network != c.Network
}
