package checks

import (
	"cmp"
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0504() Check {
	return Check{
		ID: "EW0504", Severity: Error,
		Title:    "A remote secret leads istiod to itself",
		Question: "Can istiod's pod reach the API servers in the remote secrets?",
		Why:      "The kubeconfig of a local cluster has a loopback address; in istiod's pod this is the pod itself, and istiod reads nothing of the other cluster.",
		Source:   "https://github.com/istio/istio/issues/58047",
		Explains: []string{"EW0509", "EW0510", "EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { secretToItself(l, c) }) },
	}
}

func secretToItself(l *Look, c *istio.Cluster) {
	all := entriesFor(l, c)
	for _, e := range all {
		// What listens there may be a tunnel in istiod's pod: then it is synced.
		if !read(e.secret) || !e.Loopback() || covered(all, e) || !unsynced(l, c, e.other) {
			continue
		}
		server := cmp.Or(e.other.Server, "https://ADDRESS:6443")
		if (istio.RemoteEntry{Server: server}).Loopback() {
			server = "https://ADDRESS:6443"
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: l.reads(c, e.other),
			Found: fmt.Sprintf("remote secret %s leads to %s for %s: for istiod's pod that is the pod itself", e.name(), e.Server, e.other.Name),
			Want:  "the URL of the API server as pods of " + c.Name + " reach it",
			Fix:   remake(c, e, "make the Secret again with an address of the API server that pods of the other clusters reach", "--server="+quote(server)),
		})
	}
}
