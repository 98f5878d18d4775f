package checks

import (
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// What several checks want to know of a fleet.

// each calls look for every cluster whose API server answered; of the others EW0101 speaks.
func (l *Look) each(look func(*istio.Cluster)) {
	for i := range l.Clusters {
		if _, why := l.Clusters[i].Identity.Get(); why == nil {
			look(&l.Clusters[i])
		}
	}
}

// others calls look for every other cluster whose API server answered.
func (l *Look) others(than *istio.Cluster, look func(*istio.Cluster)) {
	l.each(func(c *istio.Cluster) {
		if c.Name != than.Name {
			look(c)
		}
	})
}

// into are the calls of all others to a cluster, out of those of a cluster to all others;
// around are both.
func (l *Look) into(c *istio.Cluster) []Pair {
	var pairs []Pair
	for i := range l.Clusters {
		if other := l.Clusters[i].Name; other != c.Name {
			pairs = append(pairs, Pair{Source: other, Destination: c.Name})
		}
	}
	return pairs
}

func (l *Look) out(c *istio.Cluster) []Pair {
	var pairs []Pair
	for _, pair := range l.into(c) {
		pairs = append(pairs, Pair{Source: pair.Destination, Destination: pair.Source})
	}
	return pairs
}

func (l *Look) around(c *istio.Cluster) []Pair { return slices.Concat(l.out(c), l.into(c)) }

// kubectl and istioctl are commands for a cluster, to be pasted.
func kubectl(c *istio.Cluster, arguments ...string) string {
	return kube.Command("kubectl", c.Kubeconfig, c.Context, arguments...)
}

func istioctl(c *istio.Cluster, arguments ...string) string {
	return kube.Command("istioctl", c.Kubeconfig, c.Context, arguments...)
}

// quote is a word for a shell.
func quote(word string) string { return kube.Quote(word) }

// inUse is true for a revision whose control planes matter here, or for all where nothing
// tells which. A canary beside them, or a retired one, is for its owner to finish.
func inUse(c *istio.Cluster) func(revision string) bool {
	used := revisions(c)
	return func(revision string) bool { return len(used) == 0 || slices.Contains(used, revision) }
}

// serving are the ready istiods of a cluster that matter.
func serving(c *istio.Cluster, all []istio.Istiod) []istio.Istiod {
	used := inUse(c)
	return slices.DeleteFunc(slices.Clone(all), func(i istio.Istiod) bool { return !i.Ready || !used(i.Revision) })
}

// clusterID is what a cluster's istiods call it; empty for unknown.
func clusterID(c *istio.Cluster) string {
	istiods, _ := c.Istiods.Get()
	for _, istiod := range serving(c, istiods) {
		if id := istiod.Env[names.EnvClusterID]; id != "" {
			return id
		}
	}
	return ""
}

// network is the network of a cluster's endpoints: the label of istio-system, or, without
// one, what the injector tells proxies. It is empty where a cluster has none.
func network(l *Look, c *istio.Cluster) (string, bool) {
	system, ok := Need(l, c, c.System)
	if !ok {
		return "", false
	}
	if label := system.Labels[names.Network]; label != "" {
		return label, true
	}
	injectors, ok := Need(l, c, c.Injectors)
	if !ok {
		return "", false
	}
	used := inUse(c)
	for _, injector := range injectors {
		if used(injector.Revision) && injector.Network != "" {
			return injector.Network, true
		}
	}
	return "", true
}

// sameNetwork is true where two clusters call each other's pods without a gateway; ok is
// false where that is not known.
func sameNetwork(l *Look, a, b *istio.Cluster) (same, ok bool) {
	first, okFirst := network(l, a)
	second, okSecond := network(l, b)
	return first == second, okFirst && okSecond
}

// read is true for a remote secret that istiod reads.
func read(secret istio.RemoteSecret) bool {
	return secret.Labelled && secret.Namespace == names.System
}

// leadsTo is true for an entry of a remote secret that is for a cluster of the fleet.
func leadsTo(entry istio.RemoteEntry, c *istio.Cluster) bool { return entry.LeadsTo(c, clusterID(c)) }

// idsOf are what the istiods of one cluster may call another: the keys of the remote
// secrets that lead there.
func idsOf(secrets []istio.RemoteSecret, other *istio.Cluster) []string {
	var ids []string
	for _, secret := range secrets {
		for _, entry := range secret.Entries {
			if read(secret) && leadsTo(entry, other) {
				ids = append(ids, entry.ID)
			}
		}
	}
	return ids
}

// helloHost is the full name of HelloWorld.
func (l *Look) helloHost() string { return istio.Host(helloWorld, l.Namespace) }

// The workloads' names.
const (
	helloWorld = "helloworld"
	sleep      = "sleep"
	helloPort  = 5000
	appLabel   = "app"
)

// runs are the pods of an app among the workloads.
func runs(w istio.Workloads, app string) []istio.Pod {
	return slices.DeleteFunc(slices.Clone(w.Pods), func(p istio.Pod) bool { return p.Labels[appLabel] != app })
}
