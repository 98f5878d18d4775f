package checks

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

func ew0604() Check {
	return Check{
		ID: "EW0604", Severity: Error,
		Title:    "Clusters have different trust domains, and no aliases for them",
		Question: "Does every cluster accept the trust domains of all others, as its own or as an alias?",
		Why:      "Callers expect servers to have their own trust domain or an alias of it, and servers expect it of callers: both refuse the certificate in the TLS handshake.",
		Source:   "istio: pilot/pkg/serviceregistry/kube/conversion.go (SecureNamingSAN), pkg/spiffe/spiffe.go (ExpandWithTrustDomains), pilot/pkg/networking/plugin/authn/util.go (TrustDomainsForValidation)",
		Explains: []string{"EW08"},
		Judge:    trustDomains,
	}
}

// defaultTrustDomain is that of a mesh whose configuration names none
// (pkg/config/constants/constants.go, DefaultClusterLocalDomain).
const defaultTrustDomain = "cluster.local"

// trustDomains takes both directions for broken where a cluster does not accept another's
// domain: its callers refuse the other's servers. Its servers refuse the other's callers,
// too, but for PILOT_SKIP_VALIDATE_TRUST_DOMAIN and meshConfig.caCertificates.
func trustDomains(l *Look) {
	l.each(func(c *istio.Cluster) {
		accepted, ok := trusts(l, c)
		if !ok {
			return
		}
		l.others(c, func(other *istio.Cluster) {
			its, ok := trusts(l, other)
			if !ok || slices.ContainsFunc(its.own, func(domain string) bool { return slices.Contains(accepted.all, domain) }) {
				return
			}
			l.Find(Finding{
				Cluster: c.Name, Pairs: between(c, other),
				Found: fmt.Sprintf("the trust domain of %s is %s, that of %s is %s, which %s does not have among its trustDomainAliases", c.Name, listed(accepted.own), other.Name, listed(its.own), c.Name),
				Want:  "one trust domain for the mesh, or the others' among meshConfig.trustDomainAliases",
				Fix: Fix{
					Text:     fmt.Sprintf("add %s to meshConfig.trustDomainAliases of the control plane of %s, as its installation keeps them. To see what it has now:", listed(its.own), c.Name),
					Commands: []string{kubectl(c, "get configmaps --all-namespaces --output=yaml", "| grep -A4 trustDomain")},
				},
			})
		})
	})
}

// trustDomainsOf are a cluster's own trust domains and all that it accepts.
type trustDomainsOf struct{ own, all []string }

// trusts joins the configurations of the revisions in use; ok is false where there is none.
func trusts(l *Look, c *istio.Cluster) (trustDomainsOf, bool) {
	configs, ok := Need(l, l.plane(c), l.plane(c).MeshConfigs)
	used := inUse(c)
	var domains trustDomainsOf
	for _, config := range configs {
		if used(config.Revision) {
			own := cmp.Or(config.TrustDomain, defaultTrustDomain)
			domains.own = append(domains.own, own)
			domains.all = append(append(domains.all, own), config.Aliases...)
		}
	}
	return domains, ok && len(domains.own) > 0
}
