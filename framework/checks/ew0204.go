package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0204() Check {
	return Check{
		ID: "EW0204", Severity: Warning,
		Title:    "Control planes are more than one minor release apart",
		Question: "Are the control planes of all clusters at most one minor release apart?",
		Why:      "Istio does not test more; with more, TLS between proxies was seen to break.",
		Source:   "https://github.com/istio/istio/issues/50459",
		Judge: func(l *Look) {
			lagging(l, istioMinors, func(c, newest *istio.Cluster, own, other cell.Version) Finding {
				return Finding{
					Found: fmt.Sprintf("%s runs Istio %s, and %s %s: %d minor releases apart", c.Name, own, newest.Name, other, minors(own, other)),
					Want:  "control planes at most one minor release apart",
					Fix:   Fix{Text: "upgrade the older control plane, its gateways and workloads:", Commands: []string{istioctl(c, "version")}},
				}
			})
		},
	}
}

// lagging finds each cluster whose newest version is more than one minor release older
// than that of another.
func lagging(l *Look, version func(*Look, *istio.Cluster) (cell.Version, bool), tell func(c, newest *istio.Cluster, own, other cell.Version) Finding) {
	l.each(func(c *istio.Cluster) {
		own, ok := version(l, c)
		if !ok {
			return
		}
		var newest *istio.Cluster
		var most cell.Version
		var pairs []Pair
		l.others(c, func(other *istio.Cluster) {
			its, ok := version(l, other)
			if !ok || minors(own, its) <= 1 {
				return
			}
			pairs = append(pairs, between(c, other)...)
			if newest == nil || minors(most, its) > 0 {
				newest, most = other, its
			}
		})
		if newest != nil {
			f := tell(c, newest, own, most)
			f.Cluster, f.Pairs = c.Name, pairs
			l.Find(f)
		}
	})
}

// istioMinors is the newest version of a cluster's istiods in use.
func istioMinors(l *Look, c *istio.Cluster) (cell.Version, bool) {
	istiods, _ := Need(l, c, c.Istiods)
	var newest cell.Version
	var found bool
	for _, istiod := range serving(c, istiods) {
		if version, err := cell.ParseVersion(istiod.Version); err == nil && (!found || minors(newest, version) > 0) {
			newest, found = version, true
		}
	}
	return newest, found
}

// minors is by how many minor releases b is newer than a; a major release counts as many.
func minors(a, b cell.Version) int {
	const major = 1000
	return (b.Major-a.Major)*major + b.Minor - a.Minor
}
