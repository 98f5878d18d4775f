package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0404() Check {
	return Check{
		ID: "EW0404", Severity: Error,
		Title:    "A gateway sees the endpoints of another network",
		Question: "Does the network view of every gateway pod include its own network?",
		Why:      "The gateway has no endpoint for calls that arrive at it, or sends them on to another network.",
		Source:   "https://github.com/istio/istio/blob/master/pilot/pkg/model/proxy_view.go",
		Explains: []string{"EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { gatewayView(l, c) }) },
	}
}

func gatewayView(l *Look, c *istio.Cluster) {
	wanted, known := meantNetwork(l, c)
	gateways, ok := Need(l, c, c.Gateways)
	if !known || !ok || wanted == "" {
		return
	}
	pairs := l.crossing(c)
	if len(pairs) == 0 {
		return
	}
	var wrong []string
	var service istio.GatewayService
	for _, way := range wayIn(gateways, wanted) {
		for _, pod := range behind(way, gateways) {
			view := pod.Env[names.EnvNetworkView]
			text := fmt.Sprintf("%s has %s=%s", podName(pod), names.EnvNetworkView, view)
			if view != "" && !slices.Contains(strings.Split(view, ","), wanted) && !slices.Contains(wrong, text) {
				wrong, service = append(wrong, text), way
			}
		}
	}
	if len(wrong) == 0 {
		return
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("gateway pod %s; the cluster is on network %q", wordsOf(wrong), wanted),
		Want:  names.EnvNetworkView + "=" + wanted,
		Fix: Fix{
			Text:     "install the gateway again for this network, the way it was installed (gen-eastwest-gateway.sh --network), or give it the network by hand, and see that the next installation keeps it:",
			Commands: []string{viewed(c, service, wanted)},
		},
	})
}

// viewed gives the Deployments of a gateway its network.
func viewed(c *istio.Cluster, service istio.GatewayService, network string) string {
	return kubectl(c, "set env deployment --namespace="+quote(service.Namespace), "--selector="+quote(gatewaySelector(service)), quote(names.EnvNetworkView+"="+network))
}

// gatewaySelector selects the Deployments of a gateway: by their own label, where the Service
// selects by it, which Deployments need not have all labels of.
func gatewaySelector(service istio.GatewayService) string {
	if value := service.Selector[names.GatewayLabel]; value != "" {
		return names.GatewayLabel + "=" + value
	}
	return selectorText(service.Selector)
}
