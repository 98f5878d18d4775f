package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0503() Check {
	return Check{
		ID: "EW0503", Severity: Error,
		Title:    "A remote secret is in another namespace than istiod",
		Question: "Are the remote secrets in the namespace of istiod?",
		Why:      "istiod reads Secrets of its own namespace only: callers know no endpoint of the other cluster.",
		Source:   "https://github.com/istio/istio/blob/master/pkg/kube/multicluster/secretcontroller.go",
		Explains: []string{"EW0509", "EW0510", "EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { secretElsewhere(l, c) }) },
	}
}

func secretElsewhere(l *Look, c *istio.Cluster) {
	all := entriesFor(l, c)
	secrets, _ := c.RemoteSecrets.Get()
	for _, e := range all {
		if !e.secret.Labelled || e.secret.Namespace == names.System || covered(all, e) || lists(c, secrets, e.other) {
			continue
		}
		// A control plane there reads it.
		istiods, ok := Need(l, c, c.Istiods)
		if !ok || len(istiods) == 0 || slices.ContainsFunc(istiods, func(i istio.Istiod) bool { return i.Namespace == e.secret.Namespace }) {
			continue
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: l.reads(c, e.other),
			Found: fmt.Sprintf("Secret %s for %s is not in %s: istiod does not look there", e.name(), e.other.Name, names.System),
			Want:  "the remote secret in namespace " + names.System,
			Fix:   remake(c, e, "make it in istiod's namespace"),
		})
	}
}
