package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0910() Check {
	return Check{
		ID: "EW0910", Severity: Warning,
		Title:    "The new control plane is not in every cluster",
		Question: "Does the new revision run in every cluster, before anything moves to it?",
		Why:      "The new istiod reads other clusters with rights, and looks there for objects, that only an installation of its own revision brings.",
		Source:   "istio/istio, manifests/charts/istio-control/istio-discovery/templates/reader-clusterrole.yaml",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				runs, ok := l.runs(c, m.to)
				if !ok || runs || !l.begun(m) {
					return
				}
				if used, known := l.runs(c, m.from); known && !used && c.ServedBy() != "" {
					return // it has no control plane of its own
				}
				l.Find(Finding{
					Cluster: c.Name, Pairs: l.around(c),
					Found: fmt.Sprintf("%s has no istiod of revision %s, and another cluster has", c.Name, m.to),
					Want:  "the new control plane in all clusters before the first workload moves in any",
					Fix:   Fix{Text: "install revision " + m.to + " on " + c.Name + ", too"},
				})
			})
		},
	}
}
