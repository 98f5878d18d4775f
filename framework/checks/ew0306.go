package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0306() Check {
	return Check{
		ID: "EW0306", Severity: Error, Firm: true,
		Title:    "The API server refuses pods of the workloads",
		Question: "Are the pods of HelloWorld and Sleep let in by Pod Security, quotas, webhooks and policies?",
		Why:      "There is no pod that calls or answers. The reason is in the ReplicaSet's events only.",
		Source:   "https://github.com/istio/istio/issues/35894",
		Explains: []string{"EW0308", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				workloads, ok := Need(l, c, c.Workloads)
				if !ok {
					return
				}
				for _, d := range workloads.Deployments {
					if d.Refused != "" {
						l.Find(refusedPods(l, c, d))
					}
				}
			})
		},
	}
}

// refusedPods is an error where none of the pods is there. Where all are, the refusal is of
// a rollout, or past.
func refusedPods(l *Look, c *istio.Cluster, d istio.Deployment) Finding {
	severity := Error
	switch {
	case d.Available >= d.Wanted:
		severity = Info
	case d.Available > 0:
		severity = Warning
	}
	return Finding{
		Severity: severity, Cluster: c.Name, Pairs: l.callsOf(c, []istio.Pod{{Labels: d.Labels}}),
		Found: fmt.Sprintf("the API server of %s refuses pods of Deployment %s/%s, of which %d of %d are available: %s", c.Name, l.Namespace, d.Name, d.Available, d.Wanted, shorten(d.Refused)),
		Want:  "pods that the API server lets in",
		Fix: Fix{
			Text:     "do what the refusal asks for: of Pod Security, Istio's CNI plugin spares pods the capability NET_ADMIN; of a quota, limits for the sidecar or more room; of a webhook or a policy, its owner decides:",
			Commands: []string{kubectl(c, "describe replicasets --namespace="+quote(l.Namespace), "--selector="+quote(appLabel+"="+d.Labels[appLabel])), kubectl(c, "get resourcequotas,limitranges --namespace="+quote(l.Namespace)), kubectl(c, "get namespace", quote(l.Namespace), "--show-labels")},
		},
	}
}
