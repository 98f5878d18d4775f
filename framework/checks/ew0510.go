package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0510() Check {
	return Check{
		ID: "EW0510", Severity: Error,
		Title:    "An istiod does not know a cluster that it has a remote secret for",
		Question: "Does every istiod in use list every cluster that it has a remote secret for?",
		Why:      "The proxies that are connected to this istiod have no endpoint of the other cluster.",
		Source:   "https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/",
		Explains: []string{"EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { notListed(l, c) }) },
	}
}

func notListed(l *Look, c *istio.Cluster) {
	istiods, ok := Need(l, c, c.Istiods)
	secrets, _ := c.RemoteSecrets.Get()
	done := map[string]bool{}
	for _, e := range entriesFor(l, c) {
		if !ok || !e.good() || done[e.other.Name] {
			continue
		}
		for _, istiod := range serving(c, istiods) {
			remotes, known := Need(l, c, istiod.Remotes)
			// An ID like its own istiod leaves out on purpose: the clusters are named alike.
			own := istiod.Env[names.EnvClusterID] == e.ID
			if !known || own || istiod.Namespace != e.secret.Namespace || len(remotesOf(remotes, secrets, e.other)) > 0 {
				continue
			}
			done[e.other.Name] = true
			l.Find(Finding{
				Cluster: c.Name, Pairs: l.reads(c, e.other),
				Found: fmt.Sprintf("istiod %s of %s does not list %s, although there is remote secret %s", istiod.Name, c.Name, e.other.Name, e.name()),
				Want:  "every istiod lists every cluster that there is a remote secret for",
				Fix:   Fix{Text: "restart istiod, which reads all remote secrets anew:", Commands: []string{restartIstiod(c, istiod)}},
			})
			break
		}
	}
}
