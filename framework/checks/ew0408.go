package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0408() Check {
	return Check{
		ID: "EW0408", Severity: Error,
		Title:    "No pod of a gateway is ready",
		Question: "Is a pod ready behind every Service of a gateway?",
		Why:      "istiod spreads calls over the addresses of all gateways of a network, whether their pods are ready or not.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#install-the-east-west-gateway-in-cluster1",
		Explains: []string{"EW0414", "EW0415", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { gatewayPods(l, c) }) },
	}
}

func gatewayPods(l *Look, c *istio.Cluster) {
	wanted, known := meantNetwork(l, c)
	gateways, ok := Need(l, c, c.Gateways)
	if !known || !ok || wanted == "" {
		return
	}
	pairs := l.crossing(c)
	if len(pairs) == 0 {
		return
	}
	for _, service := range wayIn(gateways, wanted) {
		pods := behind(service, gateways)
		ready := slices.ContainsFunc(pods, func(p istio.Pod) bool { return p.Ready })
		// A Service without a selector leads where somebody says; whether that answers is
		// not known here.
		if ready || len(service.Selector) == 0 {
			continue
		}
		var words []string
		for _, pod := range pods {
			words = append(words, described(pod))
		}
		if len(words) == 0 && gateways.Deployed {
			words = []string{"it has no pods"}
		} else if len(words) == 0 {
			words = []string{"no Deployment or DaemonSet makes such pods"}
		}
		selector := selectorText(service.Selector)
		mend := raised(c, service, gateways, pods)
		l.Find(Finding{
			Cluster: c.Name, Pairs: pairs,
			Found: fmt.Sprintf("no gateway pod behind %s (%s) is ready: %s", serviceName(service), selector, strings.Join(words, "; ")),
			Want:  "at least one ready pod",
			Fix: Fix{
				Text: "see what keeps the pods from being ready, or install the gateway again; one that was not injected is restarted after the control plane of its revision is there. A gateway that is scaled to nothing is scaled up, and a Service that selects no pod has its selector corrected:",
				Commands: append([]string{
					kubectl(c, "describe deployments,daemonsets,pods --namespace="+quote(service.Namespace), "--selector="+quote(selector)),
					kubectl(c, "get events --namespace="+quote(service.Namespace), "--field-selector=type=Warning"),
				}, mend...),
			},
		})
	}
}

// raised is what brings a gateway back that has no pods: those that are elsewhere are
// selected again, and where there are none the Deployment is scaled up.
func raised(c *istio.Cluster, service istio.GatewayService, gateways istio.Gateways, behind []istio.Pod) []string {
	if len(behind) > 0 {
		return nil
	}
	i := slices.IndexFunc(gateways.Pods, func(p istio.Pod) bool {
		return p.Ready && p.Namespace == service.Namespace && p.Labels[names.GatewayLabel] == names.GatewayValue
	})
	switch {
	case i >= 0:
		patch := fmt.Sprintf(`[{"op":"replace","path":"/spec/selector","value":{%q:%q}}]`, names.GatewayLabel, names.GatewayValue)
		return []string{patched(c, "service", istio.Meta{Namespace: service.Namespace, Name: service.Name}, patch)}
	case gateways.Deployed:
		return []string{scaledUp(c, service.Namespace, gatewaySelector(service))}
	}
	return nil
}

// selectorText is a selector as kubectl takes it.
func selectorText(selector map[string]string) string {
	var parts []string
	for key, value := range selector {
		parts = append(parts, key+"="+value)
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}
