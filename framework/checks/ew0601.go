package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0601() Check {
	return Check{
		ID: "EW0601", Severity: Error,
		Title:    "Clusters do not trust each other: they share no root certificate",
		Question: "Has every cluster a root certificate in common with every other?",
		Why:      "Proxies refuse each other's certificates: calls fail in the TLS handshake, or are retried on the caller's own cluster.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/before-you-begin/#configure-trust",
		Explains: []string{"EW08"},
		Judge:    foreignRoots,
	}
}

func foreignRoots(l *Look) {
	roots := map[string][]istio.Certificate{}
	l.each(func(c *istio.Cluster) {
		if known, ok := Need(l, c, c.Roots); ok && len(known) > 0 {
			roots[c.Name] = known
		}
	})
	// shares is how many others a cluster has a root in common with.
	shares := map[string]int{}
	l.each(func(c *istio.Cluster) {
		l.others(c, func(other *istio.Cluster) {
			if intersects(roots[c.Name], roots[other.Name]) {
				shares[c.Name]++
			}
		})
	})
	l.each(func(c *istio.Cluster) {
		foreign := l.foreignTo(c, roots, shares)
		if len(foreign) == 0 {
			return
		}
		var others []string
		var pairs []Pair
		for _, other := range foreign {
			others, pairs = append(others, other.Name), append(pairs, between(c, other)...)
		}
		l.Find(Finding{
			Cluster: c.Name, Pairs: pairs,
			Found: fmt.Sprintf("%s trusts the root %s, and %s the root %s: their proxies refuse each other's certificates", c.Name, fingerprints(roots[c.Name]), strings.Join(others, ", "), fingerprints(roots[foreign[0].Name])),
			Want:  "one root in common",
			Fix: Fix{
				Text:     fmt.Sprintf("give the CA of %s an intermediate certificate under the common root (Secret %s/%s), or trust both roots on all clusters while the root changes; then restart istiod, gateways and workloads. What is published now:", c.Name, names.System, names.CASecret),
				Commands: []string{showRoot(c), showRoot(foreign[0])},
			},
		})
	})
}

// foreignTo are the clusters with which one shares no root, as far as it is the one to
// blame: the one of the two that has less in common with the rest, or that comes later.
func (l *Look) foreignTo(c *istio.Cluster, roots map[string][]istio.Certificate, shares map[string]int) []*istio.Cluster {
	var foreign []*istio.Cluster
	before := true
	for i := range l.Clusters {
		other := &l.Clusters[i]
		if other.Name == c.Name {
			before = false
			continue
		}
		known := len(roots[c.Name]) > 0 && len(roots[other.Name]) > 0
		less := shares[c.Name] < shares[other.Name] || shares[c.Name] == shares[other.Name] && before
		if known && less && !intersects(roots[c.Name], roots[other.Name]) {
			foreign = append(foreign, other)
		}
	}
	return foreign
}

// intersects is true for bundles that share a certificate: while a root changes, both are
// in each.
func intersects(a, b []istio.Certificate) bool {
	return slices.ContainsFunc(a, func(first istio.Certificate) bool {
		return slices.ContainsFunc(b, func(second istio.Certificate) bool { return first.Fingerprint == second.Fingerprint })
	})
}

// fingerprints are the first bytes of each: enough to tell them apart.
func fingerprints(certificates []istio.Certificate) string {
	var all []string
	for _, certificate := range certificates {
		all = append(all, fmt.Sprintf("SHA-256 %.12s...", certificate.Fingerprint))
	}
	return strings.Join(all, ", ")
}

// showRoot prints the root that istiod publishes.
func showRoot(c *istio.Cluster) string {
	return kubectl(c, "get configmap --namespace="+names.System, names.RootConfigMap, `--output='jsonpath={.data.root-cert\.pem}'`) +
		" | openssl x509 -noout -subject -fingerprint -sha256 -dates"
}
