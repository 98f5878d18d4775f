package checks

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0708() Check {
	return Check{
		ID: "EW0708", Severity: Error,
		Title:    "NetworkPolicies close the way of calls between clusters",
		Question: "Do the NetworkPolicies let calls out of Sleep's pods, through the gateway and into HelloWorld's pods?",
		Why:      "Where the CNI enforces them, connections get no answer and calls stall until they time out.",
		Source:   "https://kubernetes.io/docs/concepts/services-networking/network-policies/; https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio",
		Explains: []string{"EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				all, ok := Need(l, c, c.NetworkPolicies)
				if !ok || len(all) == 0 {
					return
				}
				workloads, okWorkloads := Need(l, c, c.Workloads)
				gateways, okGateways := Need(l, c, c.Gateways)
				if okWorkloads {
					closedInto(l, c, all, runs(workloads, helloWorld), l.into(c), "HelloWorld", helloPort)
					closedOut(l, c, all, runs(workloads, sleep))
				}
				if okGateways {
					var pairs []Pair
					l.apart(c, func(other *istio.Cluster) { pairs = append(pairs, Pair{other.Name, c.Name}) })
					// What port a gateway's pods listen on its Service decides: only a
					// direction without any exception is plainly closed.
					closedInto(l, c, all, gateways.Pods, pairs, "the gateway")
				}
			})
		},
	}
}

// closedInto looks whether all pods of an app are closed to calls.
func closedInto(l *Look, c *istio.Cluster, all []istio.NetworkPolicy, pods []istio.Pod, pairs []Pair, what string, ports ...uint32) {
	var by []istio.Meta
	for _, pod := range pods {
		if by = closing(all, pod, ingress(), ports...); len(by) == 0 {
			return
		}
	}
	if len(by) > 0 {
		findClosed(l, c, by, pairs, "into the pods of "+what, ports)
	}
}

// closedOut looks whether Sleep's pods may call where callers of each other cluster must: its
// gateways, or, on the same network, its pods.
func closedOut(l *Look, c *istio.Cluster, all []istio.NetworkPolicy, pods []istio.Pod) {
	var by []istio.Meta
	var pairs []Pair
	var needed []uint32
	l.others(c, func(other *istio.Cluster) {
		ports, ok := portsTo(l, c, other)
		if !ok {
			return
		}
		for _, pod := range pods {
			closed := closing(all, pod, egress(), ports...)
			if len(closed) == 0 {
				return
			}
			by = closed
		}
		if len(pods) > 0 {
			pairs, needed = append(pairs, Pair{c.Name, other.Name}), ports
		}
	})
	if len(pairs) > 0 {
		findClosed(l, c, by, pairs, "out of the pods of Sleep", needed)
	}
}

// portsTo are the ports by which callers of one cluster reach HelloWorld of another.
func portsTo(l *Look, c, other *istio.Cluster) ([]uint32, bool) {
	same, ok := sameNetwork(l, c, other)
	if !ok {
		return nil, false
	}
	if same {
		return []uint32{helloPort}, true
	}
	gateways, ok := Need(l, other, other.Gateways)
	ports := []uint32{names.CrossPort}
	for _, service := range gateways.Services {
		ports = append(ports, service.Port)
		for _, port := range service.Ports {
			if port.NodePort != 0 {
				ports = append(ports, port.NodePort)
			}
		}
	}
	return ports, ok
}

// findClosed reports ways that calls have not shown to be open: some CNIs do not enforce
// policies. It is an error only where calls fail.
func findClosed(l *Look, c *istio.Cluster, by []istio.Meta, pairs []Pair, where string, ports []uint32) {
	var open, broken []Pair
	for _, pair := range pairs {
		from, to := l.cluster(pair.Source), l.cluster(pair.Destination)
		_, ok := Need(l, from, from.Caller)
		switch {
		case !ok || answered(from, to):
		case callsFail(from):
			broken = append(broken, pair)
		default:
			open = append(open, pair)
		}
	}
	var policies, commands []string
	for _, meta := range by {
		policies = append(policies, meta.String())
		commands = append(commands, kubectl(c, "describe networkpolicy", quote(meta.Name), "--namespace="+quote(meta.Namespace)))
	}
	want := "a rule that lets calls through"
	if len(ports) > 0 {
		want = fmt.Sprintf("a rule that opens TCP port %d", ports[0])
	}
	for _, severity := range []Severity{Error, Warning} {
		concerned := map[Severity][]Pair{Error: broken, Warning: open}[severity]
		if len(concerned) == 0 {
			continue
		}
		l.Find(Finding{
			Cluster: c.Name, Severity: severity, Pairs: concerned,
			Found: fmt.Sprintf("no NetworkPolicy of %s lets calls %s, and these close it: %s", c.Name, where, strings.Join(policies, ", ")),
			Want:  want, Fix: Fix{Text: "add a NetworkPolicy that opens it, whatever the others close; these select the pods:", Commands: commands},
		})
	}
}
