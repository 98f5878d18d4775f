package diagnose

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/report"
)

// crossPort is the port of AUTO_PASSTHROUGH traffic between clusters.
const crossPort = 15443

func checkGatewayAddress(fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, facts := range reached(fleet) {
		if !facts.NamespaceFound || unread(facts, "gateway") {
			continue
		}
		if gateway := facts.Gateway; !gateway.Deployed && len(gateway.Services) == 0 {
			found = append(found, report.Finding{
				Cluster: facts.Cluster.Name, Found: "there is no east-west gateway: neither Deployment nor Service in istio-system has the label " + gatewaySelector,
				Want: "Deployment and Service istio-eastwestgateway", Remedy: remedyGatewayPod(facts.Cluster),
			})
			continue
		}
		found = append(found, gatewayPods(facts)...)
		found = append(found, gatewayServices(facts)...)
		found = append(found, gatewayNames(facts, fleet)...)
		found = append(found, deadZones(facts, fleet)...)
	}
	return found
}

func gatewayPods(facts Facts) []report.Finding {
	name := facts.Cluster.Name
	finding := report.Finding{Cluster: name, Want: "at least one east-west gateway pod is ready", Remedy: remedyGatewayPod(facts.Cluster)}
	if !facts.Gateway.Deployed {
		finding.Found = "there is no Deployment istio-system/istio-eastwestgateway"
		return []report.Finding{finding}
	}
	var states []string
	for _, pod := range facts.Gateway.Pods {
		if pod.Ready {
			return nil
		}
		if pod.Image == "auto" {
			finding.Cause, finding.Remedy = "F-18", remedyGatewayInjection
			pod.Reason = strings.TrimPrefix(pod.Reason+": its image is \"auto\", so it was not injected", ": ")
		}
		states = append(states, describePod(pod))
	}
	finding.Found = "no east-west gateway pod is ready"
	if len(states) > 0 {
		finding.Found += ": " + strings.Join(states, "; ")
	} else {
		finding.Found += ": the Deployment has no pods"
	}
	return []report.Finding{finding}
}

func gatewayServices(facts Facts) []report.Finding {
	name := facts.Cluster.Name
	if len(facts.Gateway.Services) == 0 {
		return []report.Finding{{
			Cluster: name, Cause: "F-05", Found: "there is no Service for the east-west gateway in istio-system",
			Want: "Service istio-eastwestgateway of type LoadBalancer", Remedy: remedyGatewayPod(facts.Cluster),
		}}
	}
	var found []report.Finding
	for _, service := range facts.Gateway.Services {
		if len(service.Addresses) == 0 {
			told := fmt.Sprintf("Service istio-system/%s has no external address (<pending>)", service.Name)
			if len(service.Events) > 0 {
				told += "; last warning: " + service.Events[len(service.Events)-1]
			}
			found = append(found, report.Finding{
				Cluster: name, Cause: "F-05", Found: told,
				Want: "an address in status.loadBalancer.ingress or spec.externalIPs", Remedy: remedyNoAddress(facts.Cluster, service.Name),
			})
		}
		if !slices.Contains(service.Ports, crossPort) {
			found = append(found, report.Finding{
				Cluster: name, Cause: "F-19",
				Found: fmt.Sprintf("Service istio-system/%s has no port %d (it has %v)", service.Name, crossPort, service.Ports),
				Want:  fmt.Sprintf("port %d", crossPort), Remedy: remedyGatewayPort,
			})
		}
	}
	return found
}

func checkExposure(fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, facts := range reached(fleet) {
		if !facts.NamespaceFound || unread(facts, "Gateway resources") {
			continue
		}
		if finding, broken := exposureProblem(facts); broken {
			found = append(found, finding)
		}
	}
	return found
}

// exposureProblem looks for one server that lets the other clusters' calls in.
// When there is none it tells what the nearest one lacks.
func exposureProblem(facts Facts) (report.Finding, bool) {
	finding := report.Finding{
		Cluster: facts.Cluster.Name, Cause: "F-16",
		Found:  "no Gateway resource exposes the services: cross-network-gateway is missing",
		Want:   "Gateway istio-system/cross-network-gateway with selector istio=eastwestgateway, port 15443, TLS mode AUTO_PASSTHROUGH, hosts *.local",
		Remedy: remedyExpose(facts.Cluster),
	}
	var wrong []string
	for _, exposure := range facts.Exposures {
		if exposure.Mode != "AUTO_PASSTHROUGH" && exposure.Gateway != "istio-system/cross-network-gateway" {
			continue // somebody's gateway for other things
		}
		lacks := exposureLacks(exposure, facts.Gateway.Pods)
		if len(lacks) == 0 {
			return report.Finding{}, false
		}
		wrong = append(wrong, exposure.Gateway+": "+strings.Join(lacks, ", "))
	}
	if len(wrong) > 0 {
		finding.Cause, finding.Found = "F-17", "the Gateway resource does not expose the services: "+strings.Join(wrong, "; ")
	}
	return finding, true
}

func exposureLacks(exposure Exposure, pods []Pod) []string {
	var lacks []string
	if exposure.Port != crossPort {
		lacks = append(lacks, fmt.Sprintf("port is %d, not %d", exposure.Port, crossPort))
	}
	if exposure.Mode != "AUTO_PASSTHROUGH" {
		lacks = append(lacks, fmt.Sprintf("TLS mode is %q, not AUTO_PASSTHROUGH", exposure.Mode))
	}
	if !slices.ContainsFunc(exposure.Hosts, coversLocal) {
		lacks = append(lacks, fmt.Sprintf("hosts are %q, not *.local", exposure.Hosts))
	}
	if len(pods) > 0 && !slices.ContainsFunc(pods, func(pod Pod) bool { return selects(exposure.Selector, pod.Labels) }) {
		lacks = append(lacks, fmt.Sprintf("selector %s selects no gateway pod", describeLabels(exposure.Selector)))
	}
	return lacks
}

// coversLocal accepts "*.local" and "*", each with or without a namespace before it.
func coversLocal(host string) bool {
	if _, after, scoped := strings.Cut(host, "/"); scoped {
		host = after
	}
	return host == "*.local" || host == "*"
}

func selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return true
}

func describeLabels(labels map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, key+"="+labels[key])
	}
	return strings.Join(parts, ",")
}
