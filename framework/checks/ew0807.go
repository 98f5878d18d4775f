package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0807() Check {
	return Check{
		ID: "EW0807", Severity: Error,
		Title:    "Calls bypass the caller's sidecar",
		Question: "Does the caller's proxy count the calls to HelloWorld that were answered?",
		Why:      "What does not pass the sidecar reaches pods of the own cluster only, without mutual TLS and telemetry.",
		Source:   "https://docs.cilium.io/en/stable/network/servicemesh/istio/ (socketLB.hostNamespaceOnly); https://github.com/cilium/cilium/issues/16583",
		Explains: []string{"EW0801"},
		Judge: func(l *Look) {
			l.calls(func(c *istio.Cluster, caller istio.Caller, calls []istio.Call) {
				good := these(calls, istio.Call.Good)
				if len(good) == 0 || !caller.Proxy {
					return
				}
				endpoints, ok := Need(l, c, caller.Endpoints)
				counted := func(e istio.Endpoint) bool { return e.During.Requests > 0 }
				if ok && len(endpoints) > 0 && !slices.ContainsFunc(endpoints, counted) && direct(l, c) {
					findUncounted(l, c, good, len(endpoints))
				}
			})
		},
	}
}

// direct is true where calls are counted at HelloWorld's endpoints as a whole: those that a
// VirtualService routes to a subset, or to another host, are counted there.
func direct(l *Look, c *istio.Cluster) bool {
	ways, ok := clientWays(l, c)
	return ok && len(ways) > 0 && !slices.ContainsFunc(ways, func(w way) bool { return w.subset != "" || !w.sure })
}

func findUncounted(l *Look, c *istio.Cluster, good []istio.Call, endpoints int) {
	severity := Error
	l.others(c, func(other *istio.Cluster) {
		if answered(c, other) {
			severity = Warning // something else carries calls between the clusters
		}
	})
	l.Find(Finding{
		Cluster: c.Name, Severity: severity, Pairs: l.out(c),
		Found: fmt.Sprintf("%d calls from %s were answered (%s), and its proxy counted none of them at its %d endpoints of HelloWorld: they bypass the sidecar",
			len(good), c.Name, describeCalls(good), endpoints),
		Want: "calls that the sidecar of Sleep carries",
		Fix: Fix{
			Text: fmt.Sprintf("with Cilium in place of kube-proxy, set socketLB.hostNamespaceOnly=true; look also for annotations %s* of the pod, for a CNI plugin that did not redirect it, and for a container that runs as user 1337, whose calls are taken for the proxy's own; where the last change of the Deployment made it so, take that back:", names.TrafficPrefix),
			Commands: append([]string{
				kubectl(c, "get pods", "--namespace="+quote(l.Namespace), "--selector="+quote(appLabel+"="+sleep), "--output=yaml"),
				kubectl(c, "get configmap cilium-config --namespace=kube-system --ignore-not-found --output=yaml"),
			}, callersTakenBack(l, c)...),
		},
	})
}

// callersTakenBack takes back the last change of Sleep's Deployment.
func callersTakenBack(l *Look, c *istio.Cluster) []string {
	workloads, _ := c.Workloads.Get()
	return takenBack(l, c, runs(workloads, sleep))
}
