package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0805() Check {
	return Check{
		ID: "EW0805", Severity: Error,
		Title:    "The name of HelloWorld does not resolve",
		Question: "Does the caller resolve the name of the Service helloworld?",
		Why:      "The cluster's DNS knows only Services of its own cluster: the call never leaves the application.",
		Source:   "https://istio.io/latest/docs/ops/configuration/traffic-management/dns-proxy/",
		Explains: []string{"EW0801", "EW0802"},
		Judge: func(l *Look) {
			l.calls(func(c *istio.Cluster, _ istio.Caller, calls []istio.Call) {
				nameless := these(calls, func(call istio.Call) bool { return call.NameUnknown })
				if len(nameless) == 0 {
					return
				}
				fix := Fix{
					Text: fmt.Sprintf("make the Service %s in namespace %s of %s, too (it needs no Deployment there), or turn DNS proxying on; if it is there, look at the cluster's DNS:",
						helloWorld, l.Namespace, c.Name),
					Commands: []string{
						kubectl(c, "get services", "--namespace="+quote(l.Namespace)),
						kubectl(c, "get pods,endpoints --namespace=kube-system --selector=k8s-app=kube-dns"),
					},
				}
				found := fmt.Sprintf("%s does not resolve for Sleep in %s, in %d of %d calls", l.helloHost(), c.Name, len(nameless), len(calls))
				workloads, why := c.Workloads.Get()
				if why == nil && !slices.ContainsFunc(workloads.Services, func(s istio.Service) bool { return s.Name == helloWorld }) {
					found += ": there is no such Service there"
				}
				l.Find(Finding{Cluster: c.Name, Pairs: l.out(c), Found: found, Want: "an address for the name", Fix: fix})
			})
		},
	}
}
