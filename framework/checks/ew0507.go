package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0507() Check {
	return Check{
		ID: "EW0507", Severity: Error,
		Title:    "A remote secret logs in in a way that istiod refuses",
		Question: "Do the remote secrets hold their credentials, instead of naming programs or files?",
		Why:      "istiod runs no program and reads no file that a Secret names: it reads nothing of the other cluster.",
		Source:   "https://github.com/istio/istio/issues/61773",
		Explains: []string{"EW0509", "EW0510", "EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { secretLogin(l, c) }) },
	}
}

func secretLogin(l *Look, c *istio.Cluster) {
	all := entriesFor(l, c)
	for _, e := range all {
		login := refusedLogin(e.RemoteEntry)
		// PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS may allow it: then it is synced.
		if !read(e.secret) || e.Broken != "" || login == "" || covered(all, e) || !unsynced(l, c, e.other) {
			continue
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: l.reads(c, e.other),
			Found: fmt.Sprintf("remote secret %s for %s depends on %s: istiod does not take that", e.name(), e.other.Name, login),
			Want:  "a token and the certificate authority in the Secret itself",
			Fix:   remake(c, e, "make the Secret again, with the token of a service account"),
		})
	}
}
