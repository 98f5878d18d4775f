package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0416() Check {
	return Check{
		ID: "EW0416", Severity: Error,
		Title:    "No Gateway resource opens the gateway to other networks",
		Question: "Does a Gateway resource with TLS mode AUTO_PASSTHROUGH open the port of the gateway?",
		Why:      "The gateway listens on no port for callers of other networks: their connections are refused.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#expose-services-in-cluster1",
		Explains: []string{"EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { nothingExposed(l, c) }) },
	}
}

func nothingExposed(l *Look, c *istio.Cluster) {
	for _, way := range unopened(l, c) {
		if len(way.lacks) > 0 {
			continue
		}
		selector := selectorText(way.service.Selector)
		fix := Fix{Text: "make the Gateway resource:", Commands: []string{exposeInline(l.plane(c), way, names.Expose)}}
		if way.service.Selector[names.GatewayLabel] == names.GatewayValue {
			fix.Text = "apply expose-services.yaml (samples/multicluster in Istio's release, asm/istio/expansion in the folder that asmcli install left), or what is the same:"
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: way.pairs,
			Found: fmt.Sprintf("no Gateway resource of %s opens port %d of the gateway pods (%s) behind %s to other networks", c.Name, way.port, selector, serviceName(way.service)),
			Want:  fmt.Sprintf("a Gateway with selector %s, port %d, protocol TLS, mode %s and hosts *.local", selector, way.port, names.AutoPassthrough),
			Fix:   fix,
		})
		return
	}
}

// exposeInline makes the Gateway resource. v1beta1 is served by all releases in use.
func exposeInline(c *istio.Cluster, way opening, name string) string {
	var selector []string
	for _, key := range slices.Sorted(maps.Keys(way.service.Selector)) {
		selector = append(selector, fmt.Sprintf("%q:%q", key, way.service.Selector[key]))
	}
	manifest := fmt.Sprintf(`{"apiVersion":"%s/v1beta1","kind":"Gateway","metadata":{"name":%q,"namespace":%q},"spec":{"selector":{%s},`+
		`"servers":[{"port":{"number":%d,"name":"tls","protocol":"TLS"},"tls":{"mode":%q},"hosts":["*.local"]}]}}`,
		names.Networking, name, way.service.Namespace, strings.Join(selector, ","), way.port, names.AutoPassthrough)
	return "echo " + quote(manifest) + " | " + kubectl(c, "apply --filename=-")
}

// opening is a way into a cluster through which no Gateway resource lets calls of other
// networks.
type opening struct {
	service istio.GatewayService
	// port is the one of the pods, which a server of a Gateway resource names.
	port  uint32
	pairs []Pair
	// lacks are the Gateway resources that come near, and what is wrong with each.
	lacks []string
	near  istio.Server
	// modeless is the patch that gives the first of them its TLS mode, where it lacks
	// nothing else: a second one on that port would not be heeded.
	modeless string
}

// unopened are such ways of a cluster.
func unopened(l *Look, c *istio.Cluster) []opening {
	wanted, known := meantNetwork(l, c)
	gateways, ok := Need(l, c, c.Gateways)
	servers, read := Need(l, l.plane(c), l.plane(c).Servers)
	if !known || !ok || !read || wanted == "" {
		return nil
	}
	pairs := l.crossing(c)
	if len(pairs) == 0 {
		return nil
	}
	var all []opening
	for _, service := range wayIn(gateways, wanted) {
		pods := behind(service, gateways)
		port, has := service.Entry()
		if !has || len(service.Selector) == 0 || byGatewayAPI(service, pods) {
			continue
		}
		way := opening{service: service, port: names.CrossPort, pairs: pairs}
		if port.TargetPort != 0 {
			way.port = port.TargetPort
		}
		if !way.opened(l, c, servers, pods, port) {
			all = append(all, way)
		}
	}
	return all
}

// byGatewayAPI is true for what istiod makes of a Kubernetes Gateway: its listeners take
// the part of Istio's Gateway resources.
func byGatewayAPI(service istio.GatewayService, pods []istio.Pod) bool {
	return service.Selector[gatewayAPI] != "" ||
		slices.ContainsFunc(pods, func(p istio.Pod) bool { return p.Labels[gatewayAPI] != "" })
}

// opened is whether some server lets calls in; what the others lack is noted.
func (o *opening) opened(l *Look, c *istio.Cluster, servers []istio.Server, pods []istio.Pod, port istio.ServicePort) bool {
	exposing := false
	for i, server := range servers {
		onPort := leadsToPort(server, port)
		selects := len(pods) == 0 || slices.ContainsFunc(pods, func(p istio.Pod) bool { return server.Selects(p.Labels) })
		named := server.Name == names.Expose
		near := selects && (server.Port == port.Port || server.Port == o.port)
		if server.Mode != names.AutoPassthrough && !named && !near {
			continue // a Gateway for something else
		}
		lacks := o.lacking(server, onPort, selects)
		if len(lacks) == 0 && server.Exposes(l.helloHost(), l.Namespace) {
			return true
		}
		if len(lacks) == 0 {
			exposing = true
			lacks = []string{fmt.Sprintf("hosts %s do not cover %s", wordsOf(server.Hosts), l.helloHost())}
		}
		if len(o.lacks) == 0 {
			o.near = server
			if onPort && selects && server.Mode != names.AutoPassthrough {
				o.modeless = fmt.Sprintf(`[{"op":"add","path":"/spec/servers/%d/tls","value":{"mode":%q}}]`, position(servers, i), names.AutoPassthrough)
			}
		}
		o.lacks = append(o.lacks, server.Meta.String()+": "+wordsOf(lacks))
	}
	return exposing && !helloWorldRuns(l, c)
}

// position is the place of a server within its Gateway resource.
func position(servers []istio.Server, i int) int {
	at := 0
	for _, server := range servers[:i] {
		if server.Meta.String() == servers[i].Meta.String() {
			at++
		}
	}
	return at
}

func (o *opening) lacking(server istio.Server, onPort, selects bool) []string {
	var lacks []string
	if !onPort {
		lacks = append(lacks, fmt.Sprintf("port is %d, not %d", server.Port, o.port))
	}
	if server.Mode != names.AutoPassthrough {
		lacks = append(lacks, fmt.Sprintf("TLS mode is %q, not %s", server.Mode, names.AutoPassthrough))
	}
	if !selects {
		lacks = append(lacks, fmt.Sprintf("selector %s selects no gateway pod", selectorText(server.Selector)))
	}
	return lacks
}

// leadsToPort is true where a server opens the port of the pods that a Service's port leads
// to. Its number is either that of the Service, which istiod translates, or that of the pods
// (pilot/pkg/model/gateway.go, resolvePorts). Where the Service names its target port
// nothing is known.
func leadsToPort(server istio.Server, port istio.ServicePort) bool {
	return port.TargetPort == 0 || server.Port == port.Port || server.Port == port.TargetPort
}

// helloWorldRuns is true where a cluster has HelloWorld. Services may be exposed one by one,
// and only those that are there are missed.
func helloWorldRuns(l *Look, c *istio.Cluster) bool {
	workloads, _ := Need(l, c, c.Workloads)
	return len(runs(workloads, helloWorld)) > 0
}
