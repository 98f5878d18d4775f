package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0303() Check {
	return Check{
		ID: "EW0303", Severity: Error,
		Title:    "Pods of the workloads were not injected when they were made",
		Question: "Has every pod of the workloads that a webhook selects its sidecar?",
		Why:      "A caller without a sidecar reaches its own cluster only; endpoints without one are left out for callers of other networks.",
		Related:  []string{"IST0103"},
		Source:   "https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#automatic-sidecar-injection",
		Explains: []string{"EW07", "EW08"},
		Judge: func(l *Look) {
			l.eachInjected(func(c *istio.Cluster, workloads istio.Workloads, webhooks []istio.Webhook) {
				pods := slices.DeleteFunc(bare(workloads), func(p istio.Pod) bool {
					return !slices.ContainsFunc(selecting(webhooks, p.Namespace, workloads.Namespace.Labels, p.Labels), answers)
				})
				if len(pods) == 0 {
					return
				}
				l.Find(Finding{
					Cluster: c.Name, Pairs: l.callsOf(c, pods),
					Found: fmt.Sprintf("no sidecar is in %s, although an injection webhook of %s selects such pods now", podNames(pods), c.Name),
					Want:  "pods that were made after the namespace was labelled and while istiod was ready",
					Fix:   Fix{Text: "have the pods made anew:", Commands: []string{restart(c, l.Namespace)}},
				})
			})
		},
	}
}
