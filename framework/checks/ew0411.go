package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0411() Check {
	return Check{
		ID: "EW0411", Severity: Error,
		Title:    "A gateway's Service lacks the port for callers of other networks",
		Question: fmt.Sprintf("Has the gateway's Service port %d, or the one that its label names?", names.CrossPort),
		Why:      "istiod ignores a gateway that does not listen there, and callers get the addresses of pods that they do not reach.",
		Source:   "https://istio.io/latest/docs/reference/config/labels/#NetworkingGatewayPort",
		Explains: []string{"EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { gatewayPort(l, c) }) },
	}
}

func gatewayPort(l *Look, c *istio.Cluster) {
	wanted, known := meantNetwork(l, c)
	gateways, ok := Need(l, c, c.Gateways)
	if !known || !ok || wanted == "" {
		return
	}
	for _, service := range leading(gateways, wanted) {
		if _, has := service.Entry(); has {
			continue
		}
		pairs := l.shut(c, wanted)
		if len(pairs) == 0 {
			return
		}
		fix := Fix{
			Text:     "add the port, and see that what installs the gateway keeps it (gen-eastwest-gateway.sh does):",
			Commands: []string{onService(c, "patch", service, "--type=json", "--patch="+quote(addPort(service.Port)))},
		}
		if service.Port != names.CrossPort {
			fix.Text = fmt.Sprintf("add the port, or correct the label %s:", names.GatewayPort)
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: pairs, Found: fmt.Sprintf("%s has no port %d: its ports are %s", serviceName(service), service.Port, portsText(service.Ports)),
			Want: fmt.Sprintf("port %d that leads to port %d of the gateway's pods", service.Port, names.CrossPort), Fix: fix,
		})
	}
}

func addPort(port uint32) string {
	return fmt.Sprintf(`[{"op":"add","path":"/spec/ports/-","value":{"name":"tls-cross-network","port":%d,"targetPort":%d}}]`, port, names.CrossPort)
}

func portsText(ports []istio.ServicePort) string {
	var words []string
	for _, port := range ports {
		words = append(words, fmt.Sprint(port.Port))
	}
	return wordsOf(words)
}
