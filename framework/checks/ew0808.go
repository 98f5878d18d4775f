package checks

import (
	"fmt"
	"net"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0808() Check {
	return Check{
		ID: "EW0808", Severity: Error,
		Title:    "The name of HelloWorld leads to another address",
		Question: "Does the caller resolve the name of the Service helloworld to an address of that Service?",
		Why:      "Sidecars route HTTP by its Host header, so such calls may still pass. Calls over TCP do not, and where the same is answered for istiod, no new proxy starts.",
		Source:   "https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/",
		Explains: []string{"EW0801", "EW0802", "EW0803"},
		Judge: func(l *Look) {
			l.calls(func(c *istio.Cluster, caller istio.Caller, calls []istio.Call) {
				service, ok := helloService(l, c)
				if !ok || len(service.ClusterIPs) == 0 {
					return
				}
				known := slices.Concat(service.ClusterIPs, endpointAddresses(c, caller))
				astray := these(calls, func(call istio.Call) bool { return call.Address != "" && !slices.Contains(known, call.Address) })
				if len(astray) == 0 {
					return
				}
				l.Find(Finding{
					Cluster: c.Name, Pairs: l.out(c),
					Found: fmt.Sprintf("%s leads to %s for Sleep in %s, in %d of %d calls", l.helloHost(), wordsOf(called(astray)), c.Name, len(astray), len(calls)),
					Want:  "the address of the Service: " + wordsOf(service.ClusterIPs),
					Fix: Fix{
						Text: "look at what answers the pods: the configuration of the cluster's DNS (rewrites, stub domains, wildcards), a cache on the node that is older than the Service, hostAliases of the pod:",
						Commands: []string{
							kubectl(c, "get services", "--namespace="+quote(l.Namespace)),
							kubectl(c, "get configmaps coredns coredns-custom kube-dns --namespace=kube-system --ignore-not-found --output=yaml"),
							kubectl(c, "exec deployment/"+sleep, "--namespace="+quote(l.Namespace), "--container="+sleep, "-- cat /etc/resolv.conf /etc/hosts"),
						},
					},
				})
			})
		},
	}
}

// endpointAddresses are those of HelloWorld's pods and of the endpoints in the caller's proxy:
// a network plugin may show the caller the endpoint that it chose.
func endpointAddresses(c *istio.Cluster, caller istio.Caller) []string {
	var all []string
	workloads, _ := c.Workloads.Get()
	for _, pod := range workloads.Pods {
		if pod.Labels[appLabel] == helloWorld {
			all = append(all, pod.IP)
		}
	}
	endpoints, _ := caller.Endpoints.Get()
	for _, endpoint := range endpoints {
		if host, _, err := net.SplitHostPort(endpoint.Address); err == nil {
			all = append(all, host)
		}
	}
	return all
}

// called are the addresses that calls went to, each once.
func called(calls []istio.Call) []string {
	var all []string
	for _, call := range calls {
		all = append(all, call.Address)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
