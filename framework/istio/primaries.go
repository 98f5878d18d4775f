package istio

import (
	"net"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// Which control plane serves a cluster: its own, or, where it has none, that of another
// cluster (primary-remote), which it reaches by that one's gateway.

// Primaries are the clusters of the snapshot whose istiods serve a cluster: itself where it
// has istiods or where nothing is known of others, else those that its namespace istio-system names,
// or else those to which its injection webhook leads. There are none where it has none that
// is of the snapshot.
func (s *Snapshot) Primaries(c *Cluster) []*Cluster {
	if !withoutIstiod(c) {
		return []*Cluster{c}
	}
	system, _ := c.System.Get()
	var named, led []*Cluster
	for i := range s.Clusters {
		other := &s.Clusters[i]
		if withoutIstiod(other) {
			continue
		}
		if slices.ContainsFunc(strings.Split(system.ControlPlanes, ","), func(id string) bool {
			return id != "" && (id == other.Name || id == ownID(other))
		}) {
			named = append(named, other)
		}
		if leadsTo(c, other) {
			led = append(led, other)
		}
	}
	if len(named) > 0 {
		return named
	}
	return led
}

// withoutIstiod is true for a cluster that is known to have no control plane of its own: it
// has no istiod, or, where that is not known, something there leads to another's.
func withoutIstiod(c *Cluster) bool {
	istiods, why := c.Istiods.Get()
	if why == nil {
		return len(istiods) == 0
	}
	system, _ := c.System.Get()
	if slices.Contains(strings.Split(system.ControlPlanes, ","), c.Name) {
		return false
	}
	webhooks, _ := c.Webhooks.Get()
	return system.ControlPlanes != "" || slices.ContainsFunc(webhooks, func(w Webhook) bool {
		beyond, _ := w.Beyond.Get()
		return len(beyond) > 0
	})
}

// ownID is what the istiods of a cluster call it; empty for unknown.
func ownID(c *Cluster) string {
	istiods, _ := c.Istiods.Get()
	for _, istiod := range istiods {
		if id := istiod.Env[names.EnvClusterID]; id != "" {
			return id
		}
	}
	return ""
}

// leadsTo is true where a webhook of a cluster calls a gateway or an istiod of another one.
func leadsTo(c, other *Cluster) bool {
	webhooks, _ := c.Webhooks.Get()
	for _, webhook := range webhooks {
		addresses, _ := webhook.Beyond.Get()
		if slices.ContainsFunc(addresses, func(a string) bool { return other.EnteredAt(a) }) {
			return true
		}
	}
	return false
}

// EnteredAt is true for an address or host name of a cluster's gateways or istiods.
func (c *Cluster) EnteredAt(address string) bool {
	gateways, _ := c.Gateways.Get()
	istiods, _ := c.Istiods.Get()
	return slices.ContainsFunc(gateways.Services, func(s GatewayService) bool { return s.At(address) }) ||
		slices.ContainsFunc(istiods, func(i Istiod) bool { return i.IP != "" && i.IP == address })
}

// At is true for an address or host name of the Service.
func (s GatewayService) At(address string) bool {
	return slices.Contains(s.Addresses, address) || slices.Contains(s.ExternalIPs, address) || slices.Contains(s.Nodes, address) ||
		slices.ContainsFunc(s.Entrances(), func(e string) bool {
			host, _, err := net.SplitHostPort(e)
			return err == nil && host == address
		})
}

// Injects are the cluster and the network for which the webhook has pods injected, by its
// path: /inject/cluster/CLUSTER/net/NETWORK, where each part may be missing
// (istio: pkg/kube/inject/webhook.go, parseInjectEnvs).
func (w Webhook) Injects() (cluster, network string) {
	_, rest, found := strings.Cut(w.Path, "/inject/")
	if !found {
		return "", ""
	}
	words := strings.Split(rest, "/")
	for i := 0; i+1 < len(words); i += 2 {
		switch words[i] {
		case "cluster":
			cluster = words[i+1]
		case "net":
			network = words[i+1]
		}
	}
	return cluster, network
}
