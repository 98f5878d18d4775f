package checks

import (
	"fmt"
	"net"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0512() Check {
	return Check{
		ID: "EW0512", Severity: Error,
		Title:    "A caller's proxy has no endpoint of HelloWorld in another cluster",
		Question: "Has every caller's proxy an endpoint at the way into every other cluster that runs HelloWorld?",
		Why:      "No call ever reaches the other cluster, and nothing fails.",
		Source:   "https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/",
		Explains: []string{"EW08"},
		Judge: func(l *Look) {
			l.each(func(source *istio.Cluster) {
				l.others(source, func(destination *istio.Cluster) { noEndpoint(l, source, destination) })
			})
		},
	}
}

func noEndpoint(l *Look, source, destination *istio.Cluster) {
	caller, ok := Need(l, source, source.Caller)
	workloads, read := Need(l, destination, destination.Workloads)
	pods := slices.DeleteFunc(runs(workloads, helloWorld), func(p istio.Pod) bool { return !p.Ready || !p.Proxy })
	if !ok || !read || !caller.Proxy || len(pods) == 0 || l.answered(source, destination) {
		return
	}
	endpoints, ok := Need(l, source, caller.Endpoints)
	if !ok {
		return
	}
	has := make([]string, 0, len(endpoints))
	for _, endpoint := range endpoints {
		has = append(has, endpoint.Address)
	}
	wanted := expected(l, source, destination, pods, has)
	if len(wanted) == 0 || slices.ContainsFunc(wanted, func(a string) bool { return slices.Contains(has, a) }) {
		return
	}
	seen := "none at all"
	if len(has) > 0 {
		seen = wordsOf(has)
	}
	port := fmt.Sprintf("outbound|%d||%s", helloPort, l.helloHost())
	l.Find(Finding{
		Cluster: source.Name, Pairs: []Pair{{source.Name, destination.Name}},
		Found: fmt.Sprintf("the proxy of %s has no endpoint of HelloWorld in %s, which would be at %s; it has %s", caller.Pod, destination.Name, wordsOf(wanted), seen),
		Want:  "an endpoint at one of these addresses",
		Fix: Fix{
			Text: fmt.Sprintf("istiod of %s gives the endpoint only where it is synced with %s, the Service is the same in both, mutual TLS is on for HelloWorld, and neither a Sidecar nor exportTo hides it; compare what it knows:", source.Name, destination.Name),
			Commands: []string{
				istioctl(source, "remote-clusters"),
				istioctl(source, "proxy-config endpoints deployment/"+sleep, "--namespace="+quote(l.Namespace), "--cluster="+quote(port)),
			},
		},
	})
}

// expected are the addresses of which a caller's proxy has at least one: those of the pods
// on one network, else those at which its istiods know the other network to be entered. It
// is empty where that is not known.
func expected(l *Look, source, destination *istio.Cluster, pods []istio.Pod, has []string) []string {
	first, okFirst := meantNetwork(l, source)
	second, okSecond := meantNetwork(l, destination)
	if !okFirst || !okSecond {
		return nil
	}
	ways, ok := waysInto(l, source, second)
	if !ok {
		return nil
	}
	var wanted []string
	if first != second && first != "" && second != "" {
		for _, way := range ways {
			wanted = append(wanted, joined(way.Address, way.Port))
		}
		return wanted
	}
	if first != second {
		return nil // EW0401 speaks of that
	}
	for _, pod := range pods {
		if pod.IP != "" {
			wanted = append(wanted, joined(pod.IP, helloPort))
		}
	}
	// A way in may be used on one network, too: by proxies that do not know theirs.
	for _, way := range ways {
		if address := joined(way.Address, way.Port); slices.Contains(has, address) {
			return nil
		}
	}
	// HelloWorld may listen on another port of its pods.
	for _, address := range has {
		host, _, err := net.SplitHostPort(address)
		if err == nil && slices.ContainsFunc(pods, func(p istio.Pod) bool { return p.IP == host }) {
			return nil
		}
	}
	return wanted
}
