package checks

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0515() Check {
	return Check{
		ID: "EW0515", Severity: Error,
		Title:    "The called Service is another one in one of the clusters",
		Question: "Has the Service helloworld the same port and port name everywhere, and does it select HelloWorld's pods?",
		Why:      "istiod joins the endpoints of all clusters by the port's name, and a gateway knows a Service by its port's number: where they differ the cluster is left out, or refuses the calls.",
		Source:   "istio: pilot/pkg/xds/endpoints/endpoint_builder.go (ServicePortName), pilot/pkg/networking/core/gateway.go (builtAutoPassthroughFilterChains)",
		Explains: []string{"EW0512", "EW08"},
		Judge:    differingServices,
	}
}

func differingServices(l *Look) {
	portNames := map[string]string{}
	l.each(func(c *istio.Cluster) {
		if port, ok := helloServicePort(l, c); ok && port.Port == helloPort {
			portNames[c.Name] = port.Name
		}
	})
	most := commonest(l, portNames)
	l.each(func(c *istio.Cluster) {
		service, ok := helloService(l, c)
		if !ok {
			return
		}
		port, has := helloServicePort(l, c)
		switch {
		case len(service.Ports) == 0: // nothing is known of it
		case !has:
			wrongPort(l, c, service, most)
		case most != "" && port.Name != most:
			wrongPortName(l, c, service, port.Name, most)
		}
		wrongSelector(l, c, service)
	})
}

// helloService is the Service of HelloWorld of a cluster.
func helloService(l *Look, c *istio.Cluster) (istio.Service, bool) {
	workloads, ok := Need(l, c, c.Workloads)
	i := slices.IndexFunc(workloads.Services, func(s istio.Service) bool { return s.Name == helloWorld })
	if !ok || i < 0 {
		return istio.Service{}, false
	}
	return workloads.Services[i], true
}

// helloServicePort is the port of that Service that is called.
func helloServicePort(l *Look, c *istio.Cluster) (istio.ServicePort, bool) {
	service, _ := helloService(l, c)
	i := slices.IndexFunc(service.Ports, func(p istio.ServicePort) bool { return p.Port == helloPort })
	if i < 0 {
		return istio.ServicePort{}, false
	}
	return service.Ports[i], true
}

// lost are the calls from and to a cluster that are not known to succeed.
func (l *Look) lost(pairs []Pair) []Pair {
	return slices.DeleteFunc(pairs, func(p Pair) bool { return l.answered(l.cluster(p.Source), l.cluster(p.Destination)) })
}

func wrongPort(l *Look, c *istio.Cluster, service istio.Service, name string) {
	pairs := l.lost(l.around(c))
	if len(pairs) == 0 {
		return
	}
	operation := fmt.Sprintf(`{"op":"add","path":"/spec/ports/-","value":{"name":%q,"port":%d}}`, name, helloPort)
	if i := slices.IndexFunc(service.Ports, func(p istio.ServicePort) bool { return p.Name == name }); i >= 0 {
		operation = fmt.Sprintf(`{"op":"replace","path":"/spec/ports/%d/port","value":%d}`, i, helloPort)
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("Service %s/%s of %s has no port %d: its ports are %s", l.Namespace, helloWorld, c.Name, helloPort, portsText(service.Ports)),
		Want:  fmt.Sprintf("port %d, as in the other clusters", helloPort),
		Fix:   Fix{Text: "give the Service the same port everywhere:", Commands: []string{patchHello(l, c, operation)}},
	})
}

func wrongPortName(l *Look, c *istio.Cluster, service istio.Service, has, most string) {
	pairs := l.lost(l.around(c))
	if len(pairs) == 0 {
		return
	}
	i := slices.IndexFunc(service.Ports, func(p istio.ServicePort) bool { return p.Port == helloPort })
	operation := fmt.Sprintf(`{"op":"add","path":"/spec/ports/%d/name","value":%q}`, i, most)
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("port %d of Service %s/%s is called %q in %s and %q elsewhere: istiod joins endpoints by this name", helloPort, l.Namespace, helloWorld, has, c.Name, most),
		Want:  fmt.Sprintf("the name %q everywhere", most),
		Fix:   Fix{Text: "give the port the same name everywhere:", Commands: []string{patchHello(l, c, operation)}},
	})
}

// wrongSelector looks at a Service that selects none of HelloWorld's pods.
func wrongSelector(l *Look, c *istio.Cluster, service istio.Service) {
	workloads, _ := Need(l, c, c.Workloads)
	pods := runs(workloads, helloWorld)
	selects := func(p istio.Pod) bool {
		return (&istio.WorkloadSelector{MatchLabels: service.Selector}).Selects(p.Labels)
	}
	if len(service.Selector) == 0 || len(pods) == 0 || slices.ContainsFunc(pods, selects) {
		return
	}
	pairs := l.lost(l.into(c))
	if len(pairs) == 0 {
		return
	}
	wanted := map[string]string{appLabel: helloWorld}
	l.others(c, func(other *istio.Cluster) {
		its, _ := helloService(l, other)
		if len(its.Selector) > 0 && (&istio.WorkloadSelector{MatchLabels: its.Selector}).Selects(pods[0].Labels) {
			wanted = its.Selector
		}
	})
	value, err := json.Marshal(wanted)
	if err != nil {
		return
	}
	operation := fmt.Sprintf(`{"op":"replace","path":"/spec/selector","value":%s}`, value)
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("Service %s/%s of %s selects %s, which none of HelloWorld's pods there has", l.Namespace, helloWorld, c.Name, selectorText(service.Selector)),
		Want:  "the selector " + selectorText(wanted),
		Fix:   Fix{Text: "have the Service select the pods:", Commands: []string{patchHello(l, c, operation)}},
	})
}

// patchHello is a JSON patch of one operation.
func patchHello(l *Look, c *istio.Cluster, operation string) string {
	return kubectl(c, "patch service", helloWorld, "--namespace="+quote(l.Namespace), "--type=json", "--patch="+quote("["+operation+"]"))
}
