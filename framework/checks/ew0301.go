package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0301() Check {
	return Check{
		ID: "EW0301", Severity: Error, Firm: true,
		Title:    "The revision in use has no injection webhook",
		Question: "Has the revision, or tag, that the fleet or the workloads' namespace names an injection webhook?",
		Why:      "Nobody injects new pods: they start without a sidecar, and gateways with the image \"auto\".",
		Source:   "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy",
		Explains: []string{"EW0302", "EW0303", "EW0304", "EW04", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				webhooks, ok := Need(l, c, c.Webhooks)
				if !ok {
					return
				}
				workloads, _ := Need(l, c, c.Workloads)
				for _, name := range wantedRevisions(c, workloads) {
					if !hasWebhook(webhooks, name) {
						l.Find(noWebhook(l, c, workloads, name))
					}
				}
			})
		},
	}
}

// wantedRevisions are the declared one and that of the workloads' namespace.
func wantedRevisions(c *istio.Cluster, w istio.Workloads) []string {
	wanted := []string{c.Revision, w.Namespace.Labels[names.Revision]}
	if w.Namespace.Labels[names.Injection] != "" {
		// The older label wins, see askedRevision; "enabled" is EW0302's.
		wanted = wanted[:1]
	}
	wanted = slices.DeleteFunc(wanted, func(name string) bool { return name == "" })
	return slices.Compact(wanted)
}

// hasWebhook is true where a webhook is of a revision, or of a tag, or selects namespaces
// that are labelled so.
func hasWebhook(webhooks []istio.Webhook, name string) bool {
	return slices.ContainsFunc(webhooks, func(w istio.Webhook) bool {
		return w.Revision == name || w.Tag == name || w.NamespaceSelector.Selects(map[string]string{names.Revision: name})
	})
}

// noWebhook is an error where something lacks its proxy already. Pods may also have been
// injected by istioctl kube-inject: where all have their proxies, it is a warning if the
// namespace asks for a webhook, and else worth knowing only.
func noWebhook(l *Look, c *istio.Cluster, w istio.Workloads, name string) Finding {
	gateways, _ := Need(l, c, c.Gateways)
	severity := Info
	switch lacking := len(bare(w)) + len(uninjected(gateways)); {
	case lacking > 0:
		severity = Error
	case w.Namespace.Labels[names.Revision] == name:
		severity = Warning
	}
	return Finding{
		Severity: severity, Cluster: c.Name, Pairs: l.around(c),
		Found: fmt.Sprintf("%s has no injection webhook of the revision or tag %s", c.Name, name),
		Want:  fmt.Sprintf("a MutatingWebhookConfiguration with the label %s=%s, or %s=%s", names.Revision, name, names.Tag, name),
		Fix: Fix{
			Text: "install the revision again, or set the tag, or have the fleet and the namespace name one that is there:",
			Commands: []string{
				kubectl(c, "get mutatingwebhookconfigurations --label-columns="+names.Revision+","+names.Tag),
				kubectl(c, "get namespaces --label-columns="+names.Revision+","+names.Injection),
			},
		},
	}
}
