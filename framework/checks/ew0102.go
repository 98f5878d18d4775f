package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0102() Check {
	return Check{
		ID: "EW0102", Severity: Error,
		Title:    "Two names of the fleet lead to one cluster",
		Question: "Is every cluster of the fleet another one, by the UID of its namespace kube-system?",
		Why:      "A mesh of a cluster with itself passes every other check, and proves nothing about calls between clusters.",
		Source:   "https://github.com/kubernetes/enhancements/tree/master/keps/sig-multicluster/2149-clusterid",
		Explains: []string{"EW0202", "EW04", "EW05", "EW08"},
		Judge:    sameCluster,
	}
}

func sameCluster(l *Look) {
	for i := range l.Clusters {
		c := &l.Clusters[i]
		if _, ok := Need(l, c, c.Identity); !ok {
			continue
		}
		for k := range i {
			first := &l.Clusters[k]
			if !oneCluster(first, c) {
				continue
			}
			identity, _ := c.Identity.Get()
			l.Find(Finding{
				Cluster: c.Name, Pairs: between(first, c),
				Found: fmt.Sprintf("%s and %s are one cluster: the namespace kube-system has UID %s in both", first.Name, c.Name, identity.UID),
				Want:  "a cluster of its own for each name",
				Fix: Fix{
					Text:     "see which cluster each context leads to, and give the fleet the context that is missing:",
					Commands: []string{kubectl(first, "cluster-info"), kubectl(c, "cluster-info")},
				},
			})
			break
		}
	}
}

// oneCluster is true for two names of one cluster.
func oneCluster(a, b *istio.Cluster) bool {
	first, unknownFirst := a.Identity.Get()
	second, unknownSecond := b.Identity.Get()
	return unknownFirst == nil && unknownSecond == nil && first.UID != "" && first.UID == second.UID
}

// between are the calls of two clusters to each other.
func between(a, b *istio.Cluster) []Pair {
	return []Pair{{Source: a.Name, Destination: b.Name}, {Source: b.Name, Destination: a.Name}}
}
