package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0505() Check {
	return Check{
		ID: "EW0505", Severity: Warning,
		Title:    "Two remote secrets are for one cluster",
		Question: "Is there one remote secret for each cluster?",
		Why:      "Of two Secrets with the same ID istiod reads the one that it sees first; a cluster under two IDs it reads twice. What it does after the next restart is left to chance.",
		Source:   "https://github.com/istio/istio/blob/master/pkg/kube/multicluster/secretcontroller.go",
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { secretTwice(l, c) }) },
	}
}

func secretTwice(l *Look, c *istio.Cluster) {
	all := entriesFor(l, c)
	for i, e := range all {
		for _, first := range all[:i] {
			if !read(e.secret) || !read(first.secret) || first.Broken != "" || e.Broken != "" {
				continue
			}
			found := ""
			switch same := first.ID == e.ID; {
			case same:
				found = fmt.Sprintf("remote secrets %s (server %s) and %s (server %s) have the same ID %q: istiod ignores the one that it sees later", first.name(), first.Server, e.name(), e.Server, e.ID)
			case surelySame(first, e) && !astray(l, first) && !astray(l, e):
				found = fmt.Sprintf("remote secrets %s (ID %q) and %s (ID %q) both lead to %s: istiod reads it twice", first.name(), first.ID, e.name(), e.ID, e.other.Name)
			default:
				continue
			}
			l.Find(Finding{
				Cluster: c.Name, Pairs: l.reads(c, e.other), Found: found, Want: "one remote secret for " + e.other.Name,
				Fix: Fix{
					Text:     "find out who made each of them and which is kept up to date; keep that one:",
					Commands: []string{kubectl(c, "describe secrets --namespace="+names.System, quote(first.secret.Name), quote(e.secret.Name)), istioctl(c, "remote-clusters")},
				},
			})
		}
	}
}

// astray is true for an entry that has the ID of another cluster than it leads to, of which
// EW0508 speaks.
func astray(l *Look, e entryOf) bool {
	return slices.ContainsFunc(l.Clusters, func(c istio.Cluster) bool { return c.Name != e.other.Name && namedAfter(e.RemoteEntry, &c) })
}

// surelySame is true for two entries that lead to one cluster by more than their names.
func surelySame(a, b entryOf) bool {
	if a.other.Name != b.other.Name {
		return false
	}
	first, whyFirst := a.UID.Get()
	second, whySecond := b.UID.Get()
	if whyFirst == nil && whySecond == nil {
		return first == second
	}
	return istio.SameServer(a.Server, b.Server)
}
