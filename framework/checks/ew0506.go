package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0506() Check {
	return Check{
		ID: "EW0506", Severity: Error,
		Title:    "The kubeconfig in a remote secret cannot be read",
		Question: "Is the content of every remote secret a kubeconfig?",
		Why:      "istiod logs an error and reads nothing of the other cluster, at the latest after its next restart.",
		Source:   "https://github.com/istio/istio/issues/49780",
		Explains: []string{"EW0509", "EW0510", "EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { secretBroken(l, c) }) },
	}
}

func secretBroken(l *Look, c *istio.Cluster) {
	all := entriesFor(l, c)
	for _, e := range all {
		if !read(e.secret) || e.Broken == "" || covered(all, e) {
			continue
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: l.reads(c, e.other),
			Found: fmt.Sprintf("the kubeconfig under %q in remote secret %s cannot be read: %s", e.ID, e.name(), e.Broken),
			Want:  "a kubeconfig for " + e.other.Name,
			Fix:   remake(c, e, "make the Secret again"),
		})
	}
}
