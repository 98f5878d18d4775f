package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/report"
)

// outsider marks pods that are without a sidecar on purpose.
const injectLabel = "sidecar.istio.io/inject"

func checkInjection(fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, facts := range reached(fleet) {
		for _, pod := range facts.Sample.Pods {
			if pod.Labels[injectLabel] == "false" {
				continue
			}
			found = append(found, podProblem(facts, pod)...)
		}
	}
	return found
}

func podProblem(facts Facts, pod Pod) []report.Finding {
	finding := report.Finding{Cluster: facts.Cluster.Name, Want: "a ready pod with the container istio-proxy"}
	where := "pod " + pod.Namespace + "/" + pod.Name
	switch {
	case !pod.Proxy:
		finding.Cause, finding.Found = "F-26", where+" has no sidecar"
		if pod.Labels["app"] != "sleep" {
			finding.Cause = "F-23"
		}
		if facts.Sample.Injection == "" {
			finding.Found += ": its namespace has neither istio.io/rev nor istio-injection=enabled"
		}
		finding.Remedy = remedyInjection(facts.Cluster, pod.Namespace)
	case !pod.ProxyReady && rejects(facts, pod):
		return nil // told by the rung "configuration"
	case !pod.ProxyReady:
		finding.Cause, finding.Found = "F-43", where+": its proxy is not ready"
		if pod.Reason != "" {
			finding.Found += ": " + pod.Reason
		}
		finding.Remedy = remedyProxy(facts.Cluster, pod)
	case !pod.Ready:
		finding.Found = where + " is not ready"
		if pod.Reason != "" {
			finding.Found += ": " + pod.Reason
		}
		finding.Remedy = remedyPod(facts.Cluster, pod)
	default:
		return nil
	}
	return []report.Finding{finding}
}

// checkPolicy finds settings that make istiod leave remote endpoints out: a
// call to another network must be mutual TLS
// (istio/istio, pilot/pkg/xds/endpoints/mtls_checker.go).
func checkPolicy(fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, facts := range reached(fleet) {
		for _, policy := range facts.Policies {
			if mode := disables(policy, facts.Sample); mode != "" {
				found = append(found, report.Finding{
					Cluster: facts.Cluster.Name, Cause: "F-22",
					Found: fmt.Sprintf("PeerAuthentication %s/%s sets mTLS mode %s: endpoints behind a gateway are left out", policy.Namespace, policy.Name, mode),
					Want:  "STRICT or PERMISSIVE", Remedy: remedyPolicy(facts.Cluster, "peerauthentication", policy.Namespace, policy.Name),
				})
			}
		}
		for _, rule := range facts.Rules {
			if rule.Mode != "DISABLE" && rule.Mode != "SIMPLE" || !coversHelloWorld(rule, facts.Sample.Namespace) {
				continue
			}
			found = append(found, report.Finding{
				Cluster: facts.Cluster.Name, Cause: "F-22",
				Found: fmt.Sprintf("DestinationRule %s/%s sets TLS mode %s for host %s: endpoints behind a gateway are left out", rule.Namespace, rule.Name, rule.Mode, rule.Host),
				Want:  "ISTIO_MUTUAL, or no TLS mode", Remedy: remedyPolicy(facts.Cluster, "destinationrule", rule.Namespace, rule.Name),
			})
		}
	}
	return found
}

// disables returns the mode by which a policy switches mTLS off for HelloWorld, or "".
func disables(policy Policy, sample Sample) string {
	if policy.Namespace != "istio-system" && policy.Namespace != sample.Namespace {
		return ""
	}
	touches := len(policy.Selector) == 0 || slices.ContainsFunc(sample.Pods, func(pod Pod) bool {
		return pod.Labels["app"] == "helloworld" && selects(policy.Selector, pod.Labels)
	})
	switch {
	case !touches:
		return ""
	case policy.Mode == "DISABLE":
		return policy.Mode
	case policy.PortModes[helloPort] == "DISABLE":
		return fmt.Sprintf("DISABLE for port %d", helloPort)
	}
	return ""
}

const helloPort = 5000

func coversHelloWorld(rule Rule, namespace string) bool {
	host := rule.Host
	full := "helloworld." + namespace + ".svc.cluster.local"
	switch {
	case host == full, host == "helloworld."+namespace, host == "helloworld."+namespace+".svc", host == "*":
		return true
	case host == "helloworld":
		return rule.Namespace == namespace
	}
	suffix, wild := strings.CutPrefix(host, "*")
	return wild && strings.HasSuffix(full, suffix)
}
