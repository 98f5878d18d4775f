package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0502() Check {
	return Check{
		ID: "EW0502", Severity: Error,
		Title:    "A remote secret lacks its label",
		Question: "Has every remote secret the label by which istiod finds it?",
		Why:      "istiod does not read the Secret: callers know no endpoint of the other cluster.",
		Source:   "https://github.com/istio/istio/blob/master/pkg/kube/multicluster/secretcontroller.go",
		Explains: []string{"EW0509", "EW0510", "EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { secretUnlabelled(l, c) }) },
	}
}

func secretUnlabelled(l *Look, c *istio.Cluster) {
	all := entriesFor(l, c)
	secrets, _ := c.RemoteSecrets.Get()
	for _, e := range all {
		if e.secret.Labelled || e.secret.Namespace != names.System || covered(all, e) || lists(c, secrets, e.other) || !l.serves(c, c) {
			continue
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: l.reads(c, e.other),
			Found: fmt.Sprintf("Secret %s for %s has no label %s=true: istiod does not read it", e.name(), e.other.Name, names.MultiCluster),
			Want:  names.MultiCluster + "=true",
			Fix: Fix{
				Text:     "label the Secret:",
				Commands: []string{kubectl(c, "label secret --namespace="+quote(e.secret.Namespace), quote(e.secret.Name), names.MultiCluster+"=true", "--overwrite")},
			},
		})
	}
}
