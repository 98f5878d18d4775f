package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0210() Check {
	return Check{
		ID: "EW0210", Severity: Error, Firm: true,
		Title:    "The injection webhook of a remote cluster is for another cluster or network",
		Question: "Does the injection webhook of every cluster without a control plane of its own name this cluster and its network?",
		Why:      "istiod takes what the path says for the pod's cluster and network: it refuses the proxy's token, or gives it the addresses of pods that it does not reach.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/primary-remote_multi-network/#configure-cluster2-as-a-remote",
		Explains: []string{"EW0212", "EW03", "EW0404", "EW0405", "EW06", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				if l.remote(c) {
					injectedForAnother(l, c)
				}
			})
		},
	}
}

func injectedForAnother(l *Look, c *istio.Cluster) {
	webhooks, ok := Need(l, c, c.Webhooks)
	if !ok {
		return
	}
	used, done := inUse(c), map[string]bool{}
	for _, webhook := range webhooks {
		cluster, network := webhook.Injects()
		if !used(webhook.Revision) || done[webhook.Path] {
			continue
		}
		done[webhook.Path] = true
		if right, wrong := wrongCluster(l, c, cluster); wrong {
			l.Find(wrongPath(l, c, webhook, fmt.Sprintf("cluster %q, and %s calls it %s", cluster, l.plane(c).Name, wordsOf(right))))
			continue
		}
		if wanted, known := labelOf(l, c); known && wanted != "" && network != "" && network != wanted {
			l.Find(wrongPath(l, c, webhook, fmt.Sprintf("network %q, and %s is on %q", network, c.Name, wanted)))
		}
	}
}

// wrongCluster compares what a webhook's path calls a cluster with what its control planes
// call it. Without a word in the path pods may get the name another way, and do where any
// proxy has it.
func wrongCluster(l *Look, c *istio.Cluster, named string) (right []string, wrong bool) {
	for _, plane := range l.planes(c) {
		secrets, ok := Need(l, plane, plane.RemoteSecrets)
		if !ok {
			return nil, false
		}
		right = append(right, idsOf(secrets, c)...)
	}
	if len(right) == 0 || slices.Contains(right, named) {
		return right, false // without a remote secret nothing can be compared, and EW0501 speaks of it
	}
	if named != "" {
		return right, true
	}
	workloads, ok := Need(l, c, c.Workloads)
	proxies := slices.DeleteFunc(slices.Clone(workloads.Pods), func(p istio.Pod) bool { return !p.Proxy })
	return right, ok && len(proxies) > 0 && !slices.ContainsFunc(proxies, func(p istio.Pod) bool {
		return slices.Contains(right, p.Env[names.EnvMetaCluster])
	})
}

func wrongPath(l *Look, c *istio.Cluster, webhook istio.Webhook, what string) Finding {
	network, _ := labelOf(l, c)
	path := fmt.Sprintf("/inject/cluster/%s/net/%s", c.Name, network)
	if ids, _ := wrongCluster(l, c, ""); len(ids) > 0 {
		path = fmt.Sprintf("/inject/cluster/%s/net/%s", ids[0], network)
	}
	return Finding{
		Cluster: c.Name, Pairs: l.around(c),
		Found: fmt.Sprintf("webhook %s of %s has pods injected for %s (path %s)", webhook.Name, webhook.Configuration, what, webhook.Path),
		Want:  "the path " + path,
		Fix: Fix{
			Text: fmt.Sprintf("install the remote profile of %s again with values.istiodRemote.injectionPath=%s (or injectionURL with that path), then restart its gateways and workloads:", c.Name, path),
			Commands: []string{
				kubectl(c, "get mutatingwebhookconfiguration", quote(webhook.Configuration), "--output=yaml") + " | grep path:",
				restart(c, l.Namespace),
			},
		},
	}
}
