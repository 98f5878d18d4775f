package checks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

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
			Commands: append([]string{kubectl(c, "describe replicasets --namespace="+quote(l.Namespace), "--selector="+quote(appLabel+"="+d.Labels[appLabel])), kubectl(c, "get resourcequotas,limitranges --namespace="+quote(l.Namespace)), kubectl(c, "get namespace", quote(l.Namespace), "--show-labels")}, lettingIn(l, c, d)...),
		},
	}
}

// lettingIn are commands that let the pods in, as far as the refusal tells.
func lettingIn(l *Look, c *istio.Cluster, d istio.Deployment) []string {
	var commands []string
	if strings.Contains(d.Refused, "violates PodSecurity") {
		commands = append(commands, kubectl(c, "label namespace", quote(l.Namespace), "pod-security.kubernetes.io/enforce=privileged --overwrite"))
	}
	if quota, hard := moreRoom(d.Refused); quota != "" {
		commands = append(commands, patched(c, "resourcequota", istio.Meta{Namespace: l.Namespace, Name: quota}, hard))
	}
	if len(commands) > 0 {
		// The controller of the ReplicaSet tries again later and later.
		commands = append(commands, kubectl(c, "rollout restart deployment --namespace="+quote(l.Namespace), quote(d.Name)))
	}
	return commands
}

// moreRoom is the quota that a refusal names, and a patch with which it has room for one
// more of what was asked for (apiserver/pkg/admission/plugin/resourcequota, "exceeded quota").
func moreRoom(refusal string) (quota, patch string) {
	found := regexp.MustCompile(`exceeded quota: ([^,]+), requested: ([^ ]+), used: ([^ ]+), limited: `).FindStringSubmatch(refusal)
	if found == nil {
		return "", ""
	}
	sums := map[string]resource.Quantity{}
	for _, list := range found[2:] {
		for _, item := range strings.Split(strings.TrimSuffix(list, ","), ",") {
			name, amount, _ := strings.Cut(item, "=")
			quantity, err := resource.ParseQuantity(amount)
			if err != nil {
				return "", ""
			}
			quantity.Add(sums[name])
			sums[name] = quantity
		}
	}
	hard, err := json.Marshal(map[string]any{"spec": map[string]any{"hard": sums}})
	if err != nil {
		return "", ""
	}
	return found[1], string(hard)
}
