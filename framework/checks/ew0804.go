package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0804() Check {
	return Check{
		ID: "EW0804", Severity: Error,
		Title:    "The caller's proxy cannot connect to another cluster",
		Question: "Does every endpoint of HelloWorld that leads to another cluster take connections from the caller's proxy?",
		Why:      "Calls to that cluster stall or fail. Envoy counts a refused TLS handshake as a failed connection, too.",
		Source:   "https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--clusters; https://github.com/istio/istio/issues/40673",
		Explains: []string{"EW0801", "EW0802", "EW0803"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				caller, ok := Need(l, c, c.Caller)
				if !ok || !caller.Proxy {
					return
				}
				endpoints, ok := Need(l, c, caller.Endpoints)
				if !ok {
					return
				}
				leading := map[string][]istio.Endpoint{}
				for _, endpoint := range endpoints {
					for _, owner := range l.owners(c, endpoint) {
						leading[owner] = append(leading[owner], endpoint)
					}
				}
				l.others(c, func(other *istio.Cluster) { judgeConnections(l, c, other, leading[other.Name]) })
			})
		},
	}
}

// judgeConnections looks at the endpoints that lead to another cluster. Where some of them
// take connections it is a warning, and only for what was seen during the calls.
func judgeConnections(l *Look, c, other *istio.Cluster, endpoints []istio.Endpoint) {
	var dead []istio.Endpoint
	alive := answered(c, other)
	for _, endpoint := range endpoints {
		if unconnected(endpoint) {
			dead = append(dead, endpoint)
		} else {
			alive = true
		}
	}
	severity := Error
	if alive {
		severity = Warning
		dead = slices.DeleteFunc(dead, func(e istio.Endpoint) bool { return e.During.Failed == 0 })
	}
	if len(dead) > 0 {
		findUnconnected(l, c, other, dead, severity)
	}
}

func findUnconnected(l *Look, c, other *istio.Cluster, dead []istio.Endpoint, severity Severity) {
	var parts []string
	for _, endpoint := range dead {
		failed := endpoint.During.Failed
		when := "during the calls"
		if failed == 0 {
			failed, when = endpoint.Total.Failed, "since the proxy began"
		}
		parts = append(parts, fmt.Sprintf("%s (%d failed %s)", endpoint.Address, failed, when))
	}
	l.Find(Finding{
		Cluster: other.Name, Severity: severity, Pairs: []Pair{{c.Name, other.Name}},
		Found: fmt.Sprintf("the proxy of Sleep in %s cannot connect to %s at %s, and no request succeeded there: either TCP does not get through, or the TLS handshake is refused",
			c.Name, other.Name, strings.Join(parts, ", ")),
		Want: "connections that succeed, with mutual TLS from sidecar to sidecar",
		Fix: Fix{
			Text: strings.Join([]string{
				"if TCP does not get through, look at firewalls, security groups and the balancer's health check between the caller's nodes and that address",
				"if it does, look at what refuses TLS: different roots, a Service that the gateway does not expose or see, or a balancer that ends TLS or adds the PROXY protocol",
				"to tell them apart, see whether the gateway counts connections while calls are made: then TCP gets through",
			}, "; ") + ":",
			Commands: append(arrivals(other), clustersOf(l, c)),
		},
	})
}

// arrivals are the commands that show how many connections a cluster's gateways have taken.
func arrivals(c *istio.Cluster) []string {
	gateways, _ := c.Gateways.Get()
	var commands []string
	for _, pod := range gateways.Pods {
		if pod.ProxyReady {
			commands = append(commands, kubectl(c, "exec", quote(pod.Name), "--namespace="+quote(pod.Namespace), "--container="+names.Proxy, "--",
				"pilot-agent request GET", quote("stats?filter=downstream_cx_total")))
		}
	}
	return commands
}

// clustersOf is a command that shows the counters of a caller's endpoints of HelloWorld.
func clustersOf(l *Look, c *istio.Cluster) string {
	return kubectl(c, "exec deployment/"+sleep, "--namespace="+quote(l.Namespace), "--container="+names.Proxy, "--",
		"pilot-agent request GET clusters") + " | grep " + quote(l.helloHost()+"::")
}
