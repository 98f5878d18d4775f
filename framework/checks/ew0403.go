package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0403() Check {
	return Check{
		ID: "EW0403", Severity: Error,
		Title:    "No Service of a gateway has the label of its cluster's network",
		Question: "Is the Service of the gateway labelled with the network that it leads into?",
		Why:      "istiod finds gateways by this label. Without it callers get the addresses of pods on a network that they do not reach.",
		Source:   "https://istio.io/latest/docs/reference/config/labels/#TopologyNetwork",
		Explains: []string{"EW0413", "EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { gatewayLabel(l, c) }) },
	}
}

func gatewayLabel(l *Look, c *istio.Cluster) {
	wanted, known := meantNetwork(l, c)
	gateways, ok := Need(l, c, c.Gateways)
	if !known || !ok || wanted == "" || len(leading(gateways, wanted)) > 0 {
		return
	}
	meant := unlabelled(gateways, wanted)
	if len(meant) == 0 {
		return
	}
	pairs := l.shut(c, wanted)
	if len(pairs) == 0 {
		return
	}
	service := meant[0]
	found := fmt.Sprintf("%s has no label %s", serviceName(service), names.Network)
	if service.Network != "" {
		found = fmt.Sprintf("the label %s of %s is %q; the cluster is on network %q", names.Network, serviceName(service), service.Network, wanted)
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs, Found: found,
		Want: names.Network + "=" + wanted + " on the Service that leads to the gateway",
		Fix: Fix{
			Text:     "label the Service, and give the same network to what installs it (gen-eastwest-gateway.sh --network), so that the next installation keeps it:",
			Commands: []string{onService(c, "label", service, quote(names.Network+"="+wanted), "--overwrite")},
		},
	})
}
