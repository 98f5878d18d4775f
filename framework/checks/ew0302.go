package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0302() Check {
	return Check{
		ID: "EW0302", Severity: Error,
		Title:    "The workloads' namespace is not injected",
		Question: "Do the labels of the workloads' namespace and pods select an injection webhook?",
		Why:      "A caller without a sidecar reaches its own cluster only; endpoints without one are left out for callers of other networks.",
		Related:  []string{"IST0102", "IST0103"},
		Source:   "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy",
		Explains: []string{"EW07", "EW08"},
		Judge: func(l *Look) {
			l.eachInjected(func(c *istio.Cluster, workloads istio.Workloads, webhooks []istio.Webhook) {
				notInjected(l, c, workloads, webhooks)
			})
		},
	}
}

func notInjected(l *Look, c *istio.Cluster, w istio.Workloads, webhooks []istio.Webhook) {
	pods := slices.DeleteFunc(bare(w), func(p istio.Pod) bool {
		return len(selecting(webhooks, p.Namespace, w.Namespace.Labels, p.Labels)) > 0
	})
	if asked := w.Namespace.Labels[names.Revision]; len(pods) == 0 || asked != "" && askedRevision(w.Namespace.Labels) == asked && !hasWebhook(webhooks, asked) {
		return // EW0301 speaks of a revision that has no webhook
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: l.callsOf(c, pods),
		Found: fmt.Sprintf("no sidecar is in %s: namespace %s has %s, and no injection webhook of %s selects that", podNames(pods), l.Namespace, injectionLabels(w.Namespace.Labels), c.Name),
		Want:  fmt.Sprintf("the label %s=%s, without %s", names.Revision, revisionFor(c), names.Injection),
		Fix: Fix{
			Text:     "label the namespace with the revision, and have its pods made anew:",
			Commands: injectNamespace(c, l.Namespace, revisionFor(c)),
		},
	})
}

// injectionLabels says which labels a namespace has that decide about injection.
func injectionLabels(labels map[string]string) string {
	revision, injection := labels[names.Revision], labels[names.Injection]
	switch {
	case revision != "" && injection != "":
		return fmt.Sprintf("the labels %s=%s and %s=%s", names.Revision, revision, names.Injection, injection)
	case revision != "":
		return fmt.Sprintf("the label %s=%s", names.Revision, revision)
	case injection != "":
		return fmt.Sprintf("the label %s=%s", names.Injection, injection)
	default:
		return fmt.Sprintf("neither the label %s nor %s", names.Revision, names.Injection)
	}
}
