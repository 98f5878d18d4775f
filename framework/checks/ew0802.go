package checks

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0802() Check {
	return Check{
		ID: "EW0802", Severity: Error,
		Title:    "Calls to HelloWorld fail",
		Question: "Is every call to HelloWorld answered?",
		Why:      "A sound mesh answers all calls: one that fails is a fault, not chance.",
		Source:   "https://istio.io/latest/docs/ops/common-problems/network-issues/; https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#response-flags",
		Judge: func(l *Look) {
			l.calls(func(c *istio.Cluster, caller istio.Caller, calls []istio.Call) {
				bad := these(calls, isFailed)
				if len(bad) == 0 {
					return
				}
				pairs, known := l.towards(c, caller, func(e istio.Endpoint) bool {
					return e.During.Failed > 0 || e.During.Requests > e.During.Succeeded
				})
				if !known {
					pairs = l.out(c)
				}
				l.Find(Finding{
					Cluster: c.Name, Pairs: pairs,
					Found: fmt.Sprintf("%d of %d calls from %s failed: %s", len(bad), len(calls), c.Name, describeCalls(calls)),
					Want:  "an answer to every call",
					Fix: Fix{
						Text:     "look at the response flags in the caller's access log, where it is on (UF: the connection or TLS failed, UH: no endpoint is left, NR: no route, NC: no such subset):",
						Commands: []string{access(l, c), endpointsOf(l, c)},
					},
				})
			})
		},
	}
}
