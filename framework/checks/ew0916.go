package checks

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0916() Check {
	return Check{
		ID: "EW0916", Severity: Warning,
		Title:    "An EnvoyFilter may stop to apply",
		Question: "Does every EnvoyFilter apply to proxies of the new release as to those in use?",
		Why:      "A patch whose expression for versions does not match, or that is put beside a filter which another release does not emit or puts elsewhere, is left out without a word.",
		Related:  []string{"IST0155"},
		Source:   "istio/istio#52673; https://istio.io/latest/docs/reference/config/networking/envoy-filter/",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				before, after, ok := l.versions(m, c)
				filters, read := Need(l, c, c.EnvoyFilters)
				if !ok || !read {
					return
				}
				for _, filter := range filters {
					if filter.Revision != "" && filter.Revision != m.from {
						continue
					}
					if why := fragile(filter, before, after); why != "" {
						l.Find(Finding{
							Cluster: c.Name,
							Found:   fmt.Sprintf("on %s the EnvoyFilter %s %s", c.Name, filter, why),
							Want:    "patches that say what they mean for both releases",
							Fix: Fix{
								Text:     "see what it is for, and try it with a proxy of the new release:",
								Commands: []string{kubectl(c, "get envoyfilter --namespace="+quote(filter.Namespace), quote(filter.Name), "--output=yaml")},
							},
						})
					}
				}
			})
		},
	}
}

// fragile says why a filter may not outlive the upgrade; empty where nothing tells so.
func fragile(filter istio.EnvoyFilter, before, after releases.Version) string {
	for _, expression := range filter.ProxyVersions {
		matches, err := regexp.Compile(expression)
		if err == nil && matches.MatchString(before.String()) && !matches.MatchString(after.String()) {
			return fmt.Sprintf("has patches for proxies of version %q only, which %s is and %s is not", expression, before, after)
		}
	}
	changed := slices.ContainsFunc(releases.Changes(before, after), func(c releases.Change) bool { return c.Touches == releases.EnvoyFilters })
	if changed && len(filter.Filters) > 0 && !filter.Prioritized {
		return fmt.Sprintf("is put beside %s, and the order of filters changes between %s and %s", some(filter.Filters), before, after)
	}
	return ""
}
