package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0514() Check {
	return Check{
		ID: "EW0514", Severity: Info,
		Title:    "A remote secret has another ID than the cluster gives itself",
		Question: "Have the remote secrets the IDs that the clusters give themselves?",
		Why:      "Subsets and policies by " + names.Cluster + " match only one of the two names.",
		Source:   "https://github.com/GoogleCloudPlatform/anthos-service-mesh-packages/pull/1184",
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { otherID(l, c) }) },
	}
}

func otherID(l *Look, c *istio.Cluster) {
	for _, e := range entriesFor(l, c) {
		id := clusterID(e.other)
		if !read(e.secret) || id == "" || id == e.ID {
			continue
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: []Pair{{c.Name, e.other.Name}},
			Found: fmt.Sprintf("remote secret %s calls %s %q, it calls itself %q: what selects by %s matches one of these names only", e.name(), e.other.Name, e.ID, id, names.Cluster),
			Want:  "the same ID, where anything selects by it",
			Fix:   Fix{Text: "nothing, unless something selects by it: then select by both names"},
		})
	}
}
