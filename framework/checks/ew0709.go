package checks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0709() Check {
	return Check{
		ID: "EW0709", Severity: Error,
		Title:    "Annotations keep HelloWorld's calls out of a sidecar",
		Question: "Do calls to port 5000 pass through the sidecars of Sleep and of HelloWorld, as far as their annotations say?",
		Why:      "Calls that bypass the caller's sidecar only ever reach pods of the own cluster, without mutual TLS; those that bypass the destination's reach an application that does not speak TLS.",
		Source:   "https://istio.io/latest/docs/reference/config/annotations/#SidecarTrafficExcludeOutboundPorts; tools/istio-iptables",
		Explains: []string{"EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				workloads, ok := Need(l, c, c.Workloads)
				if !ok {
					return
				}
				for _, app := range []struct {
					name   string
					keeps  func(map[string]string) string
					pairs  []Pair
					bypass string
				}{{sleep, outboundBypass, l.out(c), "out of Sleep's sidecar"}, {helloWorld, inboundBypass, l.into(c), "out of HelloWorld's sidecar"}} {
					for _, pod := range runs(workloads, app.name) {
						if annotation := app.keeps(pod.Annotations); pod.Proxy && annotation != "" {
							findBypass(l, c, workloads, pod, annotation, app.bypass, app.pairs)
							break
						}
					}
				}
			})
		},
	}
}

// outboundBypass and inboundBypass are the annotation that keeps port 5000 out of a sidecar;
// empty for none.
func outboundBypass(annotations map[string]string) string {
	const ports, addresses = names.TrafficPrefix + "excludeOutboundPorts", names.TrafficPrefix + "excludeOutboundIPRanges"
	const only = names.TrafficPrefix + "includeOutboundIPRanges"
	value, limited := annotations[only]
	switch {
	case hasPort(annotations[ports]):
		return ports
	case slices.Contains(items(annotations[addresses]), "0.0.0.0/0"):
		return addresses
	case limited && value == "" && !hasPort(annotations[names.TrafficPrefix+"includeOutboundPorts"]):
		return only // an empty list: nothing is redirected
	}
	return ""
}

func inboundBypass(annotations map[string]string) string {
	const excluded, included = names.TrafficPrefix + "excludeInboundPorts", names.TrafficPrefix + "includeInboundPorts"
	value, limited := annotations[included]
	switch {
	case limited && !hasPort(value) && value != "*":
		return included
	case !limited && hasPort(annotations[excluded]):
		return excluded
	}
	return ""
}

func items(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func hasPort(list string) bool { return slices.Contains(items(list), strconv.Itoa(helloPort)) }

func findBypass(l *Look, c *istio.Cluster, workloads istio.Workloads, pod istio.Pod, annotation, bypass string, pairs []Pair) {
	fix := Fix{Text: "take the annotation out of the Deployment's pod template, or port 5000 out of its list"}
	for _, deployment := range workloads.Deployments {
		if strings.HasPrefix(pod.Name, deployment.Name+"-") {
			patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{%q:null}}}}}`, annotation)
			fix.Commands = []string{kubectl(c, "patch deployment", quote(deployment.Name), "--namespace="+quote(pod.Namespace), "--patch="+quote(patch))}
		}
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs,
		Found: fmt.Sprintf("pod %s/%s of %s has %s=%s: calls to port %d stay %s", pod.Namespace, pod.Name, c.Name, annotation, strconv.Quote(pod.Annotations[annotation]), helloPort, bypass),
		Want:  fmt.Sprintf("port %d passes through the sidecar", helloPort), Fix: fix,
	})
}
