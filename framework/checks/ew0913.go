package checks

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0913() Check {
	return Check{
		ID: "EW0913", Severity: Error,
		Title:    "Resources are kept from the new control plane by their label",
		Question: "Is there no routing or security resource that only the revision in use reads?",
		Why:      "istiod reads a resource with the label " + names.Revision + " only if that is exactly its own revision, no tag: for proxies that move to the new one such rules and policies are gone.",
		Source:   "istio/istio, pkg/config/model.go (LabelsInRevision)",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				l.kept(m, c, "proxies", func(o istio.Labelled) bool { return o.Kind != gatewayKind })
			})
		},
	}
}

// gatewayKind is what resources that open ports of gateways are called, by both APIs.
const gatewayKind = "Gateway"

// kept reports the resources that the old revision alone reads. who are the proxies that miss
// them.
func (l *Look) kept(m move, c *istio.Cluster, who string, wanted func(istio.Labelled) bool) {
	labelled, ok := Need(l, c, c.Labelled)
	labelled = slices.DeleteFunc(slices.Clone(labelled), func(o istio.Labelled) bool { return o.Revision != m.from || !wanted(o) })
	if !ok || len(labelled) == 0 {
		return
	}
	var all []string
	for _, o := range labelled {
		all = append(all, o.Kind+" "+o.String())
	}
	first := labelled[0]
	l.Find(Finding{
		Cluster: c.Name, Pairs: l.around(c),
		Found: fmt.Sprintf("on %s only revision %s reads %s: %s of %s would not have them", c.Name, m.from, some(all), who, m.to),
		Want:  "resources without the label " + names.Revision + ", or the same ones for both revisions",
		Fix: Fix{
			Text:     fmt.Sprintf("remove the label, so that both revisions read them, or make a copy with the label of %s under another name. For the first:", m.to),
			Commands: []string{kubectl(c, "label --namespace="+quote(first.Namespace), quote(cmp.Or(first.Resource, first.Kind)), quote(first.Name), names.Revision+"-")},
		},
	})
}
