package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0940() Check {
	return Check{
		// Nothing is wrong while a move goes on; only the removal has to wait.
		ID: "EW0940", Severity: Info,
		Title:    "The revision that is to be removed is in use",
		Question: "Does nothing use the old revision any more: no proxy, no namespace, no tag, no validating webhook, no resource?",
		Why:      "Proxies lose their control plane and, a day later, their certificates; pods are no longer injected; with the validating webhook gone astray no Istio resource can be changed.",
		Source:   "https://istio.io/latest/docs/setup/upgrade/canary/#uninstall-old-control-plane; istio/istio#28880, istio/istio#35590",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				if used := l.usersOf(m, c); len(used) > 0 {
					l.Find(Finding{
						Cluster: c.Name, Found: fmt.Sprintf("on %s revision %s is still used: %s", c.Name, m.from, strings.Join(used, "; ")),
						Want: "everything on " + m.to,
						Fix:  Fix{Text: "move what is named, and see that it works, before the old revision is removed", Commands: []string{istioctl(c, "proxy-status"), istioctl(c, "tag list")}},
					})
				}
			})
		},
	}
}

// usersOf lists what of a cluster uses the revision that is to go.
func (l *Look) usersOf(m move, c *istio.Cluster) []string {
	var used []string
	add := func(what string, all []string) {
		if len(all) > 0 {
			used = append(used, fmt.Sprintf("%s %s", what, some(all)))
		}
	}
	proxies, _ := Need(l, c, c.Proxies)
	add("proxies of", namesOf(proxies, func(p istio.ProxySet) bool { return p.InjectedBy == m.from }))
	namespaces, _ := Need(l, c, c.Namespaces)
	var following []string
	for _, n := range namespaces {
		if follows(c, n.Labels, m.from) {
			following = append(following, n.Name)
		}
	}
	add("namespace", following)
	webhooks, _ := Need(l, c, c.Webhooks)
	var tags []string
	for _, w := range webhooks {
		if w.Tag != "" && w.Revision == m.from && !slices.Contains(tags, w.Tag) {
			tags = append(tags, w.Tag)
		}
	}
	add("tag", tags)
	validators, _ := Need(l, c, c.Validators)
	var judging []string
	for _, v := range validators {
		if v.Service == names.System+"/"+names.Suffixed(names.Istiod, m.from) && v.Revision != m.from && !slices.Contains(judging, v.Configuration) {
			judging = append(judging, v.Configuration)
		}
	}
	add("validating webhook", judging)
	labelled, _ := Need(l, c, c.Labelled)
	add("with its label", namesOf(labelled, func(o istio.Labelled) bool { return o.Revision == m.from }))
	return used
}

// namesOf names some of a list.
func namesOf[T fmt.Stringer](all []T, wanted func(T) bool) []string {
	var found []string
	for _, one := range all {
		if name := one.String(); wanted(one) && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}
