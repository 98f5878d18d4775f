package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0707() Check {
	return Check{
		ID: "EW0707", Severity: Error,
		Title:    "HelloWorld is not exported to its callers or to the gateway",
		Question: "Is the Service helloworld visible in the caller's namespace and in that of the gateway?",
		Why:      "A gateway accepts only the server names of Services that its namespace sees: it resets connections for all others.",
		Source:   "https://istio.io/latest/docs/reference/config/annotations/#NetworkingExportTo; istio/istio, pilot/pkg/networking/core/gateway.go (builtAutoPassthroughFilterChains)",
		Explains: []string{"EW0512", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				service, ok := helloService(l, c)
				if !ok {
					return
				}
				if mesh, ok := meshOf(l, c); ok {
					judgeExport(l, c, service.ExportTo, mesh.DefaultServiceExportTo)
				}
			})
		},
	}
}

func judgeExport(l *Look, c *istio.Cluster, own, byDefault []string) {
	seenIn := func(namespace string) bool { return istio.Exported(own, byDefault, l.Namespace, namespace) }
	var pairs []Pair
	var hidden []string
	if !seenIn(l.Namespace) {
		pairs, hidden = l.out(c), append(hidden, l.Namespace)
	}
	if len(own)+len(byDefault) > 0 {
		namespaces, ok := gatewayNamespaces(l, c)
		if ok && len(namespaces) > 0 && !slices.ContainsFunc(namespaces, seenIn) {
			hidden = append(hidden, namespaces...)
			l.apart(c, func(other *istio.Cluster) { pairs = append(pairs, Pair{other.Name, c.Name}) })
		}
	}
	if len(pairs) == 0 {
		return
	}
	by := "its annotation " + names.ExportTo + "=" + strings.Join(own, ",")
	if len(own) == 0 {
		by = "defaultServiceExportTo of the mesh config, " + strings.Join(byDefault, ",")
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("Service %s/%s of %s is not visible in namespace %s, by %s", l.Namespace, helloWorld, c.Name, strings.Join(hidden, ", "), by),
		Want:  "a Service that is exported to the namespaces of its callers and of the east-west gateway",
		Fix: Fix{
			Text:     "export it:",
			Commands: []string{kubectl(c, "annotate service", helloWorld, "--namespace="+quote(l.Namespace), "--overwrite", quote(names.ExportTo+"=*"))},
		},
	})
}
