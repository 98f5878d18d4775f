package preflight

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// checkRemotes looks at the remote secrets that are there.
func checkRemotes(f *facts, all []*facts) Check {
	if why, ok := f.unread[idRemotes]; ok {
		return unknown(idRemotes, why)
	}
	if len(f.remotes) == 0 {
		return Check{ID: idRemotes, Status: OK, Found: "no remote secrets yet"}
	}
	seen := map[string]string{}
	for _, r := range f.remotes {
		if fleet.Loopback(r.server) {
			return Check{
				ID: idRemotes, Status: Refused, Cause: "F-10", Found: fmt.Sprintf("remote secret %s leads to %s, which istiod's pod takes for itself", r.secret, r.server),
				Do: "make it again with istioctl create-remote-secret --server and the address by which other clusters reach that API server",
			}
		}
		if other, twice := seen[r.cluster]; twice {
			return Check{
				ID: idRemotes, Status: Refused, Cause: "F-15", Found: fmt.Sprintf("remote secrets %s and %s are both for cluster %s; istiod ignores one", other, r.secret, r.cluster),
				Do: "find out which is stale before you delete it: " + f.kubectl("describe secrets --namespace=istio-system", kube.Quote(other), kube.Quote(r.secret)),
			}
		}
		seen[r.cluster] = r.secret
	}
	return f.checkMembers(all)
}

// checkMembers tells of remote secrets that are not those of the fleet's members: of
// one under another name, or of clusters that are none, which are right as they are.
func (f *facts) checkMembers(all []*facts) Check {
	var strangers, aliases []string
	for _, r := range f.remotes {
		switch member := memberAt(r, all); {
		case member == "":
			strangers = append(strangers, r.cluster)
		case member != r.cluster:
			aliases = append(aliases, fmt.Sprintf("%s leads to %s under the name %s", r.secret, member, r.cluster))
		}
	}
	switch {
	case len(aliases) > 0:
		return Check{
			ID: idRemotes, Status: Warning, Cause: "F-15", Found: strings.Join(aliases, "; "),
			Do: "give the cluster that name in the fleet file, or delete the secret: with another one for the same cluster istiod reads it twice",
		}
	}
	found := strings.Join(namesOf(f.remotes), ", ")
	if len(strangers) > 0 {
		found += "; of the mesh, but not in the fleet: " + strings.Join(strangers, ", ")
	}
	return Check{ID: idRemotes, Status: OK, Found: found}
}

// memberAt is the member that a remote secret leads to, by its name or else by
// its API server; "" for none.
func memberAt(r remote, all []*facts) string {
	for _, f := range all {
		if f.spec.Name == r.cluster {
			return r.cluster
		}
	}
	for _, f := range all {
		if sameServer(r.server, f.server) || sameServer(r.server, f.spec.RemoteServer) {
			return f.spec.Name
		}
	}
	return ""
}

func sameServer(a, b string) bool {
	first, errFirst := url.Parse(a)
	second, errSecond := url.Parse(b)
	if errFirst != nil || errSecond != nil || first.Host == "" {
		return false
	}
	return strings.EqualFold(first.Hostname(), second.Hostname()) && portOf(first) == portOf(second)
}

func portOf(server *url.URL) string {
	if port := server.Port(); port != "" {
		return port
	}
	return "443"
}

// judgeFleet compares the clusters that were reached with each other.
func judgeFleet(reached []*facts) []Check {
	var checks []Check
	checks = append(checks, checkIdentity(reached), checkVersions(reached))
	checks = append(checks, checkClusterIDs(reached)...)
	return append(checks, checkSharedNetworks(reached), checkRoots(reached), checkTrust(reached))
}

func checkIdentity(reached []*facts) Check {
	first := map[string]string{}
	var same []string
	for _, f := range reached {
		if other, twice := first[f.uid]; twice {
			same = append(same, fmt.Sprintf("%s and %s are one cluster (kube-system has UID %s)", other, f.spec.Name, f.uid))
			continue
		}
		first[f.uid] = f.spec.Name
	}
	if len(same) > 0 {
		return Check{ID: idIdentity, Status: Refused, Found: strings.Join(same, "; "), Do: "give each cluster its own kubeconfig and context: a mesh of a cluster with itself passes every check"}
	}
	return Check{ID: idIdentity, Status: OK, Found: fmt.Sprintf("%d different clusters", len(first))}
}

// The distances of minor versions between two clusters. Istio supports one
// minor release of skew between control planes; with more, TLS between proxies
// was seen to break (istio/istio#50459).
const (
	skewWarning = 1
	skewRefused = 2
)

func checkVersions(reached []*facts) Check {
	var kubernetes, istio []string
	for _, f := range reached {
		kubernetes = append(kubernetes, f.kubernetes)
		if chosen := f.chosen(); f.revision != "" && len(chosen) > 0 {
			istio = append(istio, chosen[0].version)
		}
	}
	kubeSkew, istioSkew := skew(kubernetes), skew(istio)
	check := Check{ID: idVersions, Status: OK, Found: "Kubernetes " + listed(kubernetes) + "; Istio " + listed(istio)}
	switch {
	case istioSkew > skewRefused:
		check.Status, check.Cause = Refused, "F-35"
		check.Do = fmt.Sprintf("the control planes are %d minor releases apart, more than %d: bring them together first", istioSkew, skewRefused)
	case istioSkew > skewWarning:
		check.Status, check.Cause = Warning, "F-35"
		check.Do = fmt.Sprintf("the control planes are %d minor releases apart: upgrade them together", istioSkew)
	case kubeSkew > skewWarning:
		check.Status = Warning
		check.Do = fmt.Sprintf("the clusters' Kubernetes is %d minor releases apart: see that the mesh's release supports all of them", kubeSkew)
	}
	return check
}

// skew is the distance between the lowest and the highest minor version; what
// cannot be read as a version is left out.
func skew(versions []string) int {
	var minors []int
	for _, v := range versions {
		if parsed, err := cell.ParseVersion(v); err == nil {
			minors = append(minors, parsed.Major*1000+parsed.Minor)
		}
	}
	if len(minors) == 0 {
		return 0
	}
	return slices.Max(minors) - slices.Min(minors)
}

func listed(values []string) string {
	distinct := slices.Compact(slices.Sorted(slices.Values(values)))
	if len(distinct) == 0 {
		return "unknown"
	}
	return strings.Join(distinct, ", ")
}

// checkClusterIDs compares what the istiods call their clusters: with each
// other, and with the fleet's names.
func checkClusterIDs(reached []*facts) []Check {
	first := map[string]string{}
	var checks []Check
	for _, f := range reached {
		chosen := f.chosen()
		if f.revision == "" || len(chosen) == 0 || chosen[0].clusterID == "" {
			continue
		}
		id := chosen[0].clusterID
		check := Check{ID: idClusterID, Cluster: f.spec.Name, Status: OK, Found: id}
		switch other, twice := first[id]; {
		case twice:
			check.Status, check.Cause = Refused, "F-14"
			check.Found = fmt.Sprintf("istiod calls the cluster %q, and so does that of %s: each ignores the other's remote secret", id, other)
			check.Do = "install one of the control planes again with its own cluster name (asmcli: the fleet membership)"
		case id != f.spec.Name:
			check.Status = Warning
			check.Found = fmt.Sprintf("istiod calls the cluster %q, the fleet %q, and remote secrets are named after the fleet", id, f.spec.Name)
			check.Do = fmt.Sprintf("name it %q in the fleet file if it need not be otherwise: rules on the label topology.istio.io/cluster match only one of the names", id)
		}
		first[id] = f.spec.Name
		checks = append(checks, check)
	}
	return checks
}

// checkSharedNetworks tells of clusters on one network: a flat mesh, which may
// be meant, but is what the page's own --network default makes by mistake.
func checkSharedNetworks(reached []*facts) Check {
	first := map[string]string{}
	var shared []string
	for _, f := range reached {
		network := f.namespaceNetwork
		if network == "" {
			continue
		}
		if other, twice := first[network]; twice {
			shared = append(shared, fmt.Sprintf("%s and %s are both on network %q", other, f.spec.Name, network))
			continue
		}
		first[network] = f.spec.Name
	}
	if len(shared) == 0 {
		return Check{ID: idNetwork, Status: OK, Found: "every cluster has a network of its own"}
	}
	return Check{
		ID: idNetwork, Status: Warning, Cause: "F-01", Found: strings.Join(shared, "; "),
		Do: "give each cluster a network of its own, unless its pods reach those of the others directly: no gateway is used between clusters of one network",
	}
}

func checkRoots(reached []*facts) Check {
	var with *facts
	for _, f := range reached {
		switch {
		case f.unread[idRoots] != "":
			return unknown(idRoots, fmt.Sprintf("%s: %s", f.spec.Name, f.unread[idRoots]))
		case len(f.roots) == 0:
			return Check{ID: idRoots, Status: Unknown, Found: fmt.Sprintf("%s has no ConfigMap istio-system/%s", f.spec.Name, names.RootConfigMap), Do: "see that istiod runs; it publishes the root"}
		case with == nil:
			with = f
		case !common(with.roots, f.roots):
			return Check{
				ID: idRoots, Status: Refused, Cause: "F-06",
				Found: fmt.Sprintf("%s and %s have different root certificates (SHA-256 %.12s... and %.12s...)", with.spec.Name, f.spec.Name, with.roots[0], f.roots[0]),
				Do:    "give all clusters intermediates of one root, then restart istiod and the workloads",
			}
		}
	}
	if with == nil {
		return Check{ID: idRoots, Status: Unknown, Found: "no cluster could be asked", Do: "see that the clusters are reached"}
	}
	return Check{ID: idRoots, Status: OK, Found: fmt.Sprintf("all have a common root certificate (SHA-256 %.12s...)", with.roots[0])}
}

// common is whether two bundles share a root: while a root is changed, both
// are in each.
func common(a, b []string) bool {
	return slices.ContainsFunc(a, func(root string) bool { return slices.Contains(b, root) })
}

func checkTrust(reached []*facts) Check {
	var domains []string
	var with *facts
	for _, f := range reached {
		if f.mesh.trustDomain == "" {
			continue
		}
		domains = append(domains, f.mesh.trustDomain)
		if with == nil {
			with = f
		}
		if with.mesh.trustDomain != f.mesh.trustDomain && (!with.trusts(f) || !f.trusts(with)) {
			return Check{
				ID: idTrust, Status: Refused, Cause: "F-07",
				Found: fmt.Sprintf("%s has trust domain %s and %s has %s, without aliases for each other", with.spec.Name, with.mesh.trustDomain, f.spec.Name, f.mesh.trustDomain),
				Do:    "use one trust domain, or trustDomainAliases on both sides; asmcli create-mesh does neither for kubeconfigs",
			}
		}
	}
	if len(domains) == 0 {
		return Check{ID: idTrust, Status: OK, Found: "Istio's default trust domain"}
	}
	return Check{ID: idTrust, Status: OK, Found: listed(domains)}
}

func (f *facts) trusts(other *facts) bool {
	return slices.Contains(f.mesh.trustDomainAliases, other.mesh.trustDomain)
}
