package diagnose

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/report"
)

// checkNetworkIdentity compares the places that tell a cluster's network: the
// namespace's label (istiod: its endpoints), the proxies' ISTIO_META_NETWORK,
// the gateway Service's label (which address leads there) and the gateway's
// view. They must agree (istio/istio#46772).
func checkNetworkIdentity(fleet []Facts) []report.Finding {
	var found []report.Finding
	owner := map[string]string{}
	for _, facts := range reached(fleet) {
		if !facts.NamespaceFound {
			continue
		}
		name, network := facts.Cluster.Name, facts.NamespaceNetwork
		if network == "" {
			found = append(found, report.Finding{
				Cluster: name, Cause: "F-02",
				Found: "the namespace istio-system has no label topology.istio.io/network",
				Want:  "topology.istio.io/network=" + orSome(facts.Cluster.Network), Remedy: remedyNetworkLabel(facts.Cluster),
			})
			continue
		}
		if first, twice := owner[network]; twice && separate(fleet) {
			found = append(found, report.Finding{
				Cluster: name, Cause: "F-01",
				Found: fmt.Sprintf("the network is %q, as in %s, but the fleet says that pods of one do not reach those of the other", network, first),
				Want:  "a network of its own for each cluster", Remedy: remedyNetworkLabel(facts.Cluster),
			})
			continue // its contradictions follow from that
		}
		owner[network] = name
		found = append(found, contradictions(facts)...)
	}
	return found
}

// claim is what one place says that the cluster's network is.
type claim struct {
	where, network string
	cause, remedy  string
}

// claims lists every place but the namespace's label.
func claims(facts Facts) []claim {
	var all []claim
	label := facts.NamespaceNetwork
	if declared := facts.Cluster.Network; declared != "" {
		all = append(all, claim{"the fleet", declared, "F-03", remedyNetworkLabel(facts.Cluster)})
	}
	for _, service := range facts.Gateway.Services {
		all = append(all, claim{"Service istio-system/" + service.Name, service.Network, "F-04", remedyGatewayNetwork(facts.Cluster, label)})
	}
	for _, pod := range facts.Gateway.Pods {
		if view := pod.Env["ISTIO_META_REQUESTED_NETWORK_VIEW"]; view != "" {
			all = append(all, claim{"the network view of gateway pod " + pod.Name, view, "F-32", remedyGatewayNetwork(facts.Cluster, label)})
		}
	}
	for _, pod := range facts.Sample.Pods {
		if has := pod.Env["ISTIO_META_NETWORK"]; pod.Proxy && has != "" {
			all = append(all, claim{"the proxy of pod " + pod.Namespace + "/" + pod.Name, has, "F-27", remedyRestart(facts.Cluster, pod.Namespace)})
		}
	}
	return all
}

// contradictions finds every place that disagrees with the namespace's label,
// or, where all other places agree with each other, the label alone.
func contradictions(facts Facts) []report.Finding {
	label, all := facts.NamespaceNetwork, claims(facts)
	finding := report.Finding{Cluster: facts.Cluster.Name, Want: fmt.Sprintf("the same network everywhere (%s)", orSome(facts.Cluster.Network))}
	if only, agree := unanimous(all); agree && only != label && only != "" {
		finding.Cause, finding.Remedy = "F-03", remedyNetworkLabel(facts.Cluster.on(only))
		finding.Found = fmt.Sprintf("the label of istio-system says network %q, everything else (%s) says %q", label, places(all), only)
		return []report.Finding{finding}
	}
	var found []report.Finding
	for _, c := range all {
		if c.network == label {
			continue
		}
		finding.Cause, finding.Remedy = c.cause, c.remedy
		finding.Found = fmt.Sprintf("%s says network %q, the label of istio-system says %q", c.where, c.network, label)
		if c.network == "" {
			finding.Found = c.where + " has no label topology.istio.io/network"
		}
		found = append(found, finding)
	}
	return found
}

// unanimous returns what all claims say, if they say the same.
func unanimous(all []claim) (string, bool) {
	for _, c := range all {
		if c.network != all[0].network {
			return "", false
		}
	}
	if len(all) == 0 {
		return "", false
	}
	return all[0].network, true
}

func places(all []claim) string {
	var parts []string
	for _, c := range all {
		parts = append(parts, c.where)
	}
	return strings.Join(parts, ", ")
}

// separate reports whether the fleet declares that its clusters are on
// networks of their own. A fleet that declares none may be flat on purpose.
func separate(fleet []Facts) bool {
	seen := map[string]bool{}
	for _, facts := range fleet {
		if facts.Cluster.Network == "" || seen[facts.Cluster.Network] {
			return false
		}
		seen[facts.Cluster.Network] = true
	}
	return true
}

func orSome(s string) string {
	if s == "" {
		return "the cluster's network"
	}
	return s
}
