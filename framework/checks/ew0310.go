package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0310() Check {
	return Check{
		ID: "EW0310", Severity: Error,
		Title:    "An injection webhook calls a Service that is not there",
		Question: "Is the Service of every injection webhook that selects the workloads' pods there?",
		Why:      "The API server refuses every new pod: restarts and rollouts fail, running pods go on.",
		Related:  []string{"IST0139"},
		Source:   "https://github.com/istio/istio/issues/47151",
		Explains: []string{"EW0302", "EW0304", "EW0306", "EW08"},
		Judge: func(l *Look) {
			l.eachInjected(func(c *istio.Cluster, workloads istio.Workloads, webhooks []istio.Webhook) {
				deadWebhooks(l, c, workloads, webhooks)
			})
		},
	}
}

func deadWebhooks(l *Look, c *istio.Cluster, w istio.Workloads, webhooks []istio.Webhook) {
	var configurations []string
	for _, webhook := range selectingAny(webhooks, l.Namespace, w) {
		follows := "new pods are refused"
		if !webhook.Fails {
			follows = "new pods start without a sidecar"
		}
		// One that fails open does no harm where another webhook injected the pods.
		harmless := answers(webhook) || !webhook.Fails && len(bare(w)) == 0
		if harmless || slices.Contains(configurations, webhook.Configuration) {
			continue
		}
		configurations = append(configurations, webhook.Configuration)
		l.Find(Finding{
			Cluster: c.Name, Pairs: l.around(c),
			Found: fmt.Sprintf("webhook %s of %s selects the pods of namespace %s and calls the Service %s, which is not there: %s", webhook.Name, webhook.Configuration, l.Namespace, webhook.Service, follows),
			Want:  "webhooks of control planes that run",
			Fix: Fix{
				Text: fmt.Sprintf("install revision %s again, or, where it was removed for good, have whoever removed it remove the webhook, too; see first whose it is. Then have the pods made anew:", orUnknown(webhook.Revision)),
				Commands: []string{
					kubectl(c, "get mutatingwebhookconfiguration", quote(webhook.Configuration), "--output=yaml"),
					kubectl(c, "delete mutatingwebhookconfiguration", quote(webhook.Configuration)),
					restart(c, l.Namespace),
				},
			},
		})
	}
}

// selectingAny are the webhooks that select a pod of the workloads: of the pods that are
// there, and of those that their Deployments would make.
func selectingAny(webhooks []istio.Webhook, namespace string, w istio.Workloads) []istio.Webhook {
	var templates []map[string]string
	for _, d := range w.Deployments {
		templates = append(templates, d.Labels)
	}
	for _, p := range w.Pods {
		templates = append(templates, p.Labels)
	}
	return slices.DeleteFunc(slices.Clone(webhooks), func(webhook istio.Webhook) bool {
		return !slices.ContainsFunc(templates, func(labels map[string]string) bool {
			return len(selecting([]istio.Webhook{webhook}, namespace, w.Namespace.Labels, labels)) > 0
		})
	})
}

func orUnknown(revision string) string {
	if revision == "" {
		return "of the webhook"
	}
	return revision
}
