package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0508() Check {
	return Check{
		ID: "EW0508", Severity: Error,
		Title:    "A remote secret named after one cluster leads to another",
		Question: "Does every remote secret lead to the cluster whose ID it has?",
		Why:      "istiod takes the endpoints of one cluster for those of another, and knows none of the one that is meant.",
		Source:   "https://github.com/istio/istio/issues/49780",
		Explains: []string{"EW0501", "EW0509", "EW0510", "EW0512", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				l.others(c, func(other *istio.Cluster) { secretAstray(l, c, other) })
			})
		},
	}
}

func secretAstray(l *Look, c, other *istio.Cluster) {
	secrets, ok := Need(l, c, c.RemoteSecrets)
	identity, known := Need(l, c, other.Identity)
	if !ok || !known {
		return
	}
	for _, secret := range secrets {
		for _, entry := range secret.Entries {
			uid, unasked := entry.UID.Get()
			if !read(secret) || !namedAfter(entry, other) || unasked != nil || uid == identity.UID {
				continue
			}
			severity := Error
			if len(idsOf(secrets, other)) > 0 {
				severity = Warning // another Secret leads there; only the names are mixed up
			}
			where := "a cluster that is not of the fleet"
			if actual := forFleet(l, entry); actual != nil {
				where = actual.Name
			}
			l.Find(Finding{
				Cluster: c.Name, Severity: severity, Pairs: l.reads(c, other),
				Found: fmt.Sprintf("remote secret %s/%s has the ID %q of %s and leads to %s (%s)", secret.Namespace, secret.Name, entry.ID, other.Name, where, entry.Server),
				Want:  "a Secret of that ID that leads to " + other.Name,
				Fix:   remake(c, entryOf{secret, entry, other}, "make the Secret again from the cluster that it is named after"),
			})
		}
	}
}
