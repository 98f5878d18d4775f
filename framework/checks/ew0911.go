package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0911() Check {
	return Check{
		ID: "EW0911", Severity: Error,
		Title:    "The new control plane may not read another cluster",
		Question: "May the account that other clusters read with do all that the new release asks for and the old one did not?",
		Why:      "istiod 1.29.0 and 1.29.1 then expect certificates of an empty trust domain: every call to a service that runs only in the other cluster fails. Later releases fall back to their own trust domain, and try again for ever.",
		Source:   "istio/istio#59474; manifests/charts/istio-control/istio-discovery/templates/reader-clusterrole.yaml",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				before, after, ok := l.versions(m, c)
				runs, _ := l.runs(c, m.to)
				if !ok || !runs {
					return
				}
				secrets, _ := Need(l, c, c.RemoteSecrets)
				l.others(c, func(other *istio.Cluster) {
					for _, entry := range entriesTo(secrets, other) {
						grants, read := Need(l, c, entry.Grants)
						if missing := newlyDenied(grants, before, after); read && len(missing) > 0 {
							l.Find(unreadable(c, other, m, after, missing))
						}
					}
				})
			})
		},
	}
}

func unreadable(c, other *istio.Cluster, m move, after releases.Version, missing []string) Finding {
	severity := Warning
	if after.Compare(releases.Version{Major: 1, Minor: 29}) >= 0 && after.Compare(releases.Version{Major: 1, Minor: 29, Patch: 2}) < 0 && slices.Contains(missing, "configmaps") {
		severity = Error
	}
	return Finding{
		Severity: severity, Cluster: other.Name, Pairs: []Pair{{Source: c.Name, Destination: other.Name}},
		Found: fmt.Sprintf("the account with which %s reads %s may not read %s there, which istiod %s does and the revision in use does not", c.Name, other.Name, strings.Join(missing, ", "), after),
		Want:  "the rights of the new release's reader role, which the installation of " + m.to + " on " + other.Name + " brings",
		Fix: Fix{
			Text: "install revision " + m.to + " on " + other.Name + ", which brings the role, before anything moves on " + c.Name + "; then restart istiod of " + m.to + " on " + c.Name + ". To grant the right alone:",
			Commands: []string{
				kubectl(other, "create clusterrole", "istio-reader-"+m.to, "--verb=get,list,watch", "--resource="+strings.Join(missing, ",")),
				kubectl(other, "create clusterrolebinding", "istio-reader-"+m.to, "--clusterrole=istio-reader-"+m.to, "--serviceaccount="+names.System+":"+names.ReaderAccount),
				inSystem(c, "rollout restart deployment", names.Suffixed(names.Istiod, m.to)),
			},
		},
	}
}

// entriesTo are those of remote secrets that istiod reads and that lead to a cluster.
func entriesTo(secrets []istio.RemoteSecret, other *istio.Cluster) []istio.RemoteEntry {
	var entries []istio.RemoteEntry
	for _, secret := range secrets {
		for _, entry := range secret.Entries {
			if read(secret) && leadsTo(entry, other) {
				entries = append(entries, entry)
			}
		}
	}
	return entries
}

// newlyDenied are the resources that the new release's reader role has, the old one's has not,
// and nobody has granted. What both have and the account has not is no news: the mesh works.
func newlyDenied(grants []istio.Grant, before, after releases.Version) []string {
	wanted, _ := releases.ReaderRules(after)
	had, known := releases.ReaderRules(before)
	if !known {
		// What else the old release was given is not known, but that it had no use for this.
		wanted = nil
		if releases.ReadsRemoteMeshConfig(after) && !releases.ReadsRemoteMeshConfig(before) {
			wanted = []releases.Rule{{Groups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "list", "watch"}}}
		}
	}
	var missing []string
	for _, rule := range wanted {
		for _, group := range rule.Groups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					one := right{group, resource, verb}
					if !one.in(grantsOf(had)) && !one.in(grants) && !slices.Contains(missing, one.name()) {
						missing = append(missing, one.name())
					}
				}
			}
		}
	}
	return missing
}

// right is one verb on one resource.
type right struct{ group, resource, verb string }

// name is how kubectl calls the resource.
func (r right) name() string {
	if r.group == "" {
		return r.resource
	}
	return r.resource + "." + r.group
}

func (r right) in(grants []istio.Grant) bool {
	has := func(all []string, one string) bool { return slices.Contains(all, "*") || slices.Contains(all, one) }
	return slices.ContainsFunc(grants, func(g istio.Grant) bool {
		return len(g.Names) == 0 && has(g.Groups, r.group) && has(g.Resources, r.resource) && has(g.Verbs, r.verb)
	})
}

func grantsOf(rules []releases.Rule) []istio.Grant {
	grants := make([]istio.Grant, 0, len(rules))
	for _, rule := range rules {
		grants = append(grants, istio.Grant{Verbs: rule.Verbs, Groups: rule.Groups, Resources: rule.Resources})
	}
	return grants
}
