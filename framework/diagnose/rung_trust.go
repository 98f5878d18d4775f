package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/report"
)

// checkTrust compares the root certificates: between clusters, since a proxy
// accepts only what chains to its own roots, and within a cluster, where a
// proxy that was not restarted may still hold the old root.
func checkTrust(fleet []Facts) []report.Finding {
	var found []report.Finding
	for _, facts := range reached(fleet) {
		found = append(found, staleRoots(facts)...)
	}
	return append(found, foreignRoots(reached(fleet))...)
}

// foreignRoots finds clusters that share no root with the majority.
func foreignRoots(fleet []Facts) []report.Finding {
	groups := rootGroups(fleet)
	if len(groups) < 2 {
		return nil
	}
	var found []report.Finding
	for _, group := range groups[1:] {
		for _, facts := range group {
			roots, _ := clusterRoots(facts)
			others, _ := clusterRoots(groups[0][0])
			found = append(found, report.Finding{
				Cluster: facts.Cluster.Name, Cause: "F-06",
				Found: fmt.Sprintf("the root certificate (%s) differs from that of %s (%s): proxies refuse each other's certificates",
					short(roots), names(groups[0]), short(others)),
				Want: "one root certificate in all clusters", Remedy: remedyRoots(facts.Cluster.Name),
			})
		}
	}
	return found
}

// rootGroups puts clusters that share a root together, the largest group
// first; among equals the group of the first cluster.
func rootGroups(fleet []Facts) [][]Facts {
	var groups [][]Facts
next:
	for _, facts := range fleet {
		roots, known := clusterRoots(facts)
		if !known {
			continue
		}
		for i, group := range groups {
			have, _ := clusterRoots(group[0])
			if intersects(roots, have) {
				groups[i] = append(group, facts)
				continue next
			}
		}
		groups = append(groups, []Facts{facts})
	}
	slices.SortStableFunc(groups, func(a, b []Facts) int { return len(b) - len(a) })
	return groups
}

// clusterRoots is what istiod tells this cluster to trust: istio-ca-root-cert,
// or the CA's secret where the ConfigMap could not be read.
func clusterRoots(facts Facts) ([]string, bool) {
	for _, where := range []string{rootConfigMap, rootSecret} {
		for _, root := range facts.Roots {
			if root.Where == where && len(root.Fingerprints) > 0 {
				return root.Fingerprints, true
			}
		}
	}
	return nil, false
}

// The places where a cluster's root certificates are found.
const (
	rootConfigMap = "istio-ca-root-cert"
	rootSecret    = "cacerts"
	rootProxy     = "proxy "
)

// staleRoots finds places within a cluster that do not hold the cluster's root.
func staleRoots(facts Facts) []report.Finding {
	roots, known := clusterRoots(facts)
	if !known {
		return nil
	}
	var found []report.Finding
	for _, root := range facts.Roots {
		if len(root.Fingerprints) == 0 || intersects(root.Fingerprints, roots) {
			continue
		}
		finding := report.Finding{
			Cluster: facts.Cluster.Name, Cause: "F-06",
			Found:  fmt.Sprintf("%s holds root %s, but istiod hands out %s", root.Where, short(root.Fingerprints), short(roots)),
			Want:   "the same root everywhere in the cluster",
			Remedy: remedyRestart(facts.Cluster, proxyNamespace(root.Where)),
		}
		if root.Where == rootSecret {
			finding.Remedy = remedyRestart(facts.Cluster, "istio-system")
		}
		found = append(found, finding)
	}
	return found
}

// proxyNamespace is that of the pod of a proxy where a root was found.
func proxyNamespace(where string) string {
	namespace, _, _ := strings.Cut(strings.TrimPrefix(where, rootProxy), "/")
	return namespace
}

func intersects(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// short shows the first bytes of each fingerprint: enough to tell them apart.
func short(fingerprints []string) string {
	var parts []string
	for _, fingerprint := range fingerprints {
		parts = append(parts, "sha256:"+fingerprint[:min(12, len(fingerprint))])
	}
	return strings.Join(parts, ", ")
}

func names(fleet []Facts) string {
	var parts []string
	for _, facts := range fleet {
		parts = append(parts, facts.Cluster.Name)
	}
	return strings.Join(parts, ", ")
}
