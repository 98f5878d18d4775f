package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0915() Check {
	return Check{
		ID: "EW0915", Severity: Error,
		Title:    "A namespace lacks the root that its proxies must trust",
		Question: "Has every namespace with proxies the ConfigMap " + names.RootConfigMap + ", with the root that istiod publishes elsewhere?",
		Why:      "A pod that is made anew, as every pod of a namespace that moves is, waits for the ConfigMap and does not start, or does not trust its control plane.",
		Source:   "istio/istio#48306, istio/istio#49696",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				namespaces, ok := Need(l, c, c.Namespaces)
				published, okRoots := Need(l, c, c.Roots)
				if !ok || !okRoots || len(published) == 0 {
					return
				}
				var lacking []string
				for _, namespace := range namespaces {
					if follows(c, namespace.Labels, m.from) && !hasRoot(namespace, published) {
						lacking = append(lacking, namespace.Name)
					}
				}
				if len(lacking) == 0 {
					return
				}
				l.Find(Finding{
					Cluster: c.Name,
					Found:   fmt.Sprintf("on %s the ConfigMap %s is missing in, or has another root than %s has in, %s", c.Name, names.RootConfigMap, names.System, some(lacking)),
					Want:    "the same root in all namespaces with proxies",
					Fix: Fix{
						Text:     "see whether discoverySelectors leave the namespace out, and whether two control planes with different roots write the ConfigMap:",
						Commands: []string{kubectl(c, "get configmaps --all-namespaces --field-selector=metadata.name="+names.RootConfigMap)},
					},
				})
			})
		},
	}
}

func hasRoot(namespace istio.MeshNamespace, published []istio.Certificate) bool {
	return slices.ContainsFunc(published, func(root istio.Certificate) bool { return slices.Contains(namespace.Roots, root.Fingerprint) })
}
