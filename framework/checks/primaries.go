package checks

import (
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// A cluster without a control plane of its own is served by that of another one, which also
// has the remote secrets and Istio's resources that count. Most checks need not know: they
// ask for these, and not for the cluster's own.

// planes are the clusters of the fleet whose istiods serve a cluster: usually itself.
func (l *Look) planes(c *istio.Cluster) []*istio.Cluster { return l.Primaries(c) }

// remote is true for a cluster that is served by another one of the fleet.
func (l *Look) remote(c *istio.Cluster) bool {
	planes := l.planes(c)
	return len(planes) > 0 && planes[0].Name != c.Name
}

// serves is true where the istiods of one cluster serve another.
func (l *Look) serves(plane, c *istio.Cluster) bool {
	return slices.ContainsFunc(l.planes(c), func(p *istio.Cluster) bool { return p.Name == plane.Name })
}

// plane is the cluster whose control plane, remote secrets and Istio resources count for
// one: the first of several, and itself where there is none.
func (l *Look) plane(c *istio.Cluster) *istio.Cluster {
	if planes := l.planes(c); len(planes) > 0 {
		return planes[0]
	}
	return c
}

// servedBy is an istiod and the cluster where it runs.
type servedBy struct {
	istio.Istiod
	at *istio.Cluster
}

// istiodsOf are the ready istiods that serve a cluster; ok is false where some are not known.
func istiodsOf(l *Look, c *istio.Cluster) (all []servedBy, ok bool) {
	ok = true
	for _, plane := range l.planes(c) {
		istiods, known := Need(l, plane, plane.Istiods)
		ok = ok && known
		for _, istiod := range serving(c, istiods) {
			all = append(all, servedBy{istiod, plane})
		}
	}
	return all, ok
}

// reads are the calls that do without endpoints where the istiods of one cluster do not read
// another: those of all clusters that they serve, and all calls from and to the other where
// they serve that, since its proxies are let in only where it is read.
func (l *Look) reads(plane, other *istio.Cluster) []Pair {
	var pairs []Pair
	l.each(func(c *istio.Cluster) {
		if c.Name != other.Name && l.serves(plane, c) {
			pairs = append(pairs, Pair{c.Name, other.Name})
		}
	})
	if l.remote(other) && l.serves(plane, other) {
		for _, pair := range l.around(other) {
			if !slices.Contains(pairs, pair) {
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs
}

// concerned are the calls from and to a cluster and those that its istiods serve.
func (l *Look) concerned(plane *istio.Cluster) []Pair {
	pairs := l.around(plane)
	l.each(func(c *istio.Cluster) {
		if c.Name != plane.Name && l.serves(plane, c) {
			for _, pair := range l.around(c) {
				if !slices.Contains(pairs, pair) {
					pairs = append(pairs, pair)
				}
			}
		}
	})
	return pairs
}

// idsIn are what the istiods that serve one cluster may call another.
func idsIn(l *Look, c, other *istio.Cluster) []string {
	plane := l.plane(c)
	if plane.Name == other.Name {
		return []string{other.Name, clusterID(other)}
	}
	secrets, _ := Need(l, plane, plane.RemoteSecrets)
	return idsOf(secrets, other)
}
