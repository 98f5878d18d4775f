package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0914() Check {
	return Check{
		ID: "EW0914", Severity: Error,
		Title:    "A namespace that moves would be injected by nobody, or twice",
		Question: "Does exactly one injection webhook select each namespace, now and when it is labelled for the new revision?",
		Why:      "Pods start without a sidecar and are refused by those that ask for mutual TLS, or two injectors change them one after the other.",
		Related:  []string{"IST0123"},
		Source:   "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy; istio/istio#48643",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				webhooks, ok := Need(l, c, c.Webhooks)
				namespaces, read := Need(l, c, c.Namespaces)
				runs, known := l.runs(c, m.to)
				if !ok || !read || !known {
					return
				}
				for _, namespace := range namespaces {
					if !follows(c, namespace.Labels, m.from) {
						continue
					}
					l.injectors(c, namespace, webhooks, namespace.Labels, "now")
					if runs {
						l.injectors(c, namespace, webhooks, relabelled(namespace.Labels, m.to), "labelled "+names.Revision+"="+m.to)
					}
				}
			})
		},
	}
}

// injectors reports a namespace whose pods no webhook would inject, or several.
func (l *Look) injectors(c *istio.Cluster, namespace istio.MeshNamespace, webhooks []istio.Webhook, labels map[string]string, when string) {
	var by []string
	for _, w := range selecting(webhooks, namespace.Name, labels, nil) {
		if answers(w) && !slices.Contains(by, w.Configuration) {
			by = append(by, w.Configuration)
		}
	}
	if len(by) == 1 {
		return
	}
	found := fmt.Sprintf("on %s no injection webhook selects namespace %s, %s", c.Name, namespace.Name, when)
	if len(by) > 1 {
		found = fmt.Sprintf("on %s %d injection webhooks select namespace %s, %s: %s", c.Name, len(by), namespace.Name, when, strings.Join(by, ", "))
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: l.around(c), Found: found,
		Want: "one webhook for each namespace",
		Fix: Fix{
			Text: "see which webhooks there are, and whom they select; remove one that is left over, or install the one that is missing:",
			Commands: []string{
				kubectl(c, "get mutatingwebhookconfigurations --label-columns="+names.Revision+","+names.Tag),
				kubectl(c, "get namespace", quote(namespace.Name), "--show-labels"),
			},
		},
	})
}

// follows is true for a namespace whose pods a revision injects by its labels. "default" is a
// tag where one of that name is there.
func follows(c *istio.Cluster, labels map[string]string, revision string) bool {
	name := ""
	switch {
	case labels[names.Injection] == names.Enabled:
		name = names.DefaultRevision
	case labels[names.Injection] != "":
		return false
	default:
		name = labels[names.Revision]
	}
	if name == "" {
		return false
	}
	resolved, _ := c.Resolve(name)
	return resolved == revision
}

// relabelled are a namespace's labels when it has moved.
func relabelled(labels map[string]string, to string) map[string]string {
	moved := maps.Clone(labels)
	delete(moved, names.Injection)
	moved[names.Revision] = to
	return moved
}
