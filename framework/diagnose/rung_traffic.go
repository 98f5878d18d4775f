package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// stall is a latency that a connect timeout of 10 s behind a retry leaves,
// and that no healthy call to HelloWorld reaches.
const stall = 5 * time.Second

// checkTraffic looks at what callers see. When everything below is sound it is
// the only rung that speaks, and its findings name the likely cause.
func checkTraffic(fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, facts := range reached(fleet) {
		found = append(found, endpointProblems(facts, fleet)...)
		if finding, broken := callProblem(facts, fleet); broken {
			found = append(found, finding)
		}
	}
	return found
}

// callProblem applies the decision tree to a batch of calls.
func callProblem(facts Facts, fleet []Facts) (report.Finding, bool) {
	calls := sound(facts.Sample.Calls)
	if len(calls) == 0 {
		return report.Finding{}, false
	}
	seen := map[string]bool{}
	slow, nameless, failed := 0, 0, 0
	for _, call := range calls {
		seen[call.Version] = call.Good() || seen[call.Version]
		switch {
		case call.Exit == 6:
			nameless++
		case !call.Good():
			failed++
		}
		if call.Latency >= stall {
			slow++
		}
	}
	var missing []string
	for _, other := range fleet {
		if version := other.Cluster.Version; version != "" && !seen[version] && len(calls) >= facts.Sample.Needed {
			missing = append(missing, version+" ("+other.Cluster.Name+")")
		}
	}
	finding := report.Finding{
		Cluster: facts.Cluster.Name, Found: probe.Describe(calls),
		Want: "good answers of every version, each in less than 5 s",
	}
	if len(missing) > 0 {
		finding.Found += "; no answer of " + strings.Join(missing, ", ")
	}
	switch {
	case nameless > 0:
		finding.Cause, finding.Remedy = "F-24", remedyService(facts.Sample.Namespace)
	case slow > 0:
		finding.Cause, finding.Remedy = "F-20", remedyStall
		finding.Found += fmt.Sprintf("; %d of %d calls took more than 5 s", slow, len(calls))
	case failed > 0:
		finding.Remedy = remedyFailedCalls
	case len(missing) > 0:
		finding.Remedy = remedyMissingVersion(facts.Cluster, facts.Sample.Namespace)
	default:
		return report.Finding{}, false
	}
	return finding, true
}

func sound(calls []probe.Call) []probe.Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c probe.Call) bool { return c.Unsound })
}

// endpointProblems compares the caller's endpoints of HelloWorld with the other
// clusters' gateways: each must be there, healthy, and connectable.
func endpointProblems(facts Facts, fleet []Facts) []report.Finding {
	if !facts.Sample.HostsKnown {
		return nil
	}
	var found []report.Finding
	for _, other := range reached(fleet) {
		if other.Cluster.Name == facts.Cluster.Name || other.NamespaceNetwork == facts.NamespaceNetwork || !servesHelloWorld(other) {
			continue
		}
		addresses := entries(other, fleet)
		if len(addresses) == 0 {
			continue // none, or a host name that is not known: told by another rung
		}
		hosts := slices.DeleteFunc(slices.Clone(facts.Sample.Hosts), func(h probe.Host) bool { return !slices.Contains(addresses, h.Address) })
		if len(hosts) == 0 {
			found = append(found, report.Finding{
				Cluster: facts.Cluster.Name, Cause: "F-08",
				Found: fmt.Sprintf("the caller's proxy has no endpoint of HelloWorld at the gateway of %s (%s); it has %s",
					other.Cluster.Name, strings.Join(addresses, ", "), describeHosts(facts.Sample.Hosts)),
				Want: "an endpoint at each other cluster's gateway", Remedy: remedyNoEndpoint,
			})
			continue
		}
		// Where only some are dead the rung "gateway address" says which.
		if !slices.ContainsFunc(hosts, func(h probe.Host) bool { return !unconnectable(h) }) {
			found = append(found, unreachable(facts, other, hosts[0]))
		}
	}
	return found
}

func unconnectable(host probe.Host) bool {
	return host.Counters["cx_connect_fail"] > 0 && host.Counters["rq_success"] == 0
}

func unreachable(facts, other Facts, host probe.Host) report.Finding {
	return report.Finding{
		Cluster: facts.Cluster.Name, Cause: "F-20",
		Found: fmt.Sprintf("the caller's proxy could not connect to the gateway of %s at %s (%d failed connections, no request succeeded)",
			other.Cluster.Name, host.Address, host.Counters["cx_connect_fail"]),
		Want: "connections to port 15443 of the gateway succeed", Remedy: remedyFirewall(host.Address),
	}
}

func servesHelloWorld(facts Facts) bool {
	return slices.ContainsFunc(facts.Sample.Pods, func(pod Pod) bool {
		return pod.Labels["app"] == "helloworld" && pod.Ready && pod.Proxy
	})
}

// gatewayAddresses are the addresses, with port, that endpoints of the cluster
// have when seen from another network. Host names are left out: istiod
// resolves them.
func gatewayAddresses(facts Facts) []string {
	var addresses []string
	for _, service := range facts.Gateway.Services {
		for _, address := range service.Addresses {
			if isIP(address) {
				addresses = append(addresses, joinPort(address, crossPort))
			}
		}
	}
	return addresses
}

func describeHosts(hosts []probe.Host) string {
	var parts []string
	for _, host := range hosts {
		parts = append(parts, host.Address)
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
