package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0311() Check {
	return Check{
		ID: "EW0311", Severity: Warning,
		Title:    "Injection webhooks of several revisions select one pod",
		Question: "Does at most one revision inject each pod of the workloads?",
		Why:      "Which revision's proxy a new pod gets depends on the order of the webhooks, and it may get parts of both.",
		Related:  []string{"IST0139"},
		Source:   "istio: pkg/config/analysis/analyzers/webhook/webhook.go",
		Judge: func(l *Look) {
			l.eachInjected(func(c *istio.Cluster, workloads istio.Workloads, webhooks []istio.Webhook) {
				overlapping(l, c, workloads, webhooks)
			})
		},
	}
}

// overlapping reports the first pod that several revisions would inject.
func overlapping(l *Look, c *istio.Cluster, w istio.Workloads, webhooks []istio.Webhook) {
	for _, pod := range w.Pods {
		var several, selects []string
		for _, webhook := range selecting(webhooks, pod.Namespace, w.Namespace.Labels, pod.Labels) {
			if answers(webhook) && webhook.Revision != "" {
				several = append(several, webhook.Revision)
				selects = append(selects, fmt.Sprintf("%s of %s (revision %s)", webhook.Name, webhook.Configuration, webhook.Revision))
			}
		}
		if len(distinct(several)) < 2 {
			continue
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: l.around(c),
			Found: fmt.Sprintf("pod %s/%s is selected by the injection webhooks %s", pod.Namespace, pod.Name, strings.Join(slices.Compact(selects), " and ")),
			Want:  "one revision's webhook",
			Fix: Fix{
				Text:     fmt.Sprintf("let the labels of namespace and pods (%s, %s) select one revision only, and see whose the other webhook is:", names.Revision, names.Injection),
				Commands: []string{kubectl(c, "get mutatingwebhookconfigurations --label-columns="+names.Revision+","+names.Tag), kubectl(c, "get namespace", quote(l.Namespace), "--show-labels")},
			},
		})
		return
	}
}
