package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0907() Check {
	return Check{
		ID: "EW0907", Severity: Error,
		Title:    "The new control plane is set up for another mesh than the one in use",
		Question: "Has the new control plane the same trust domain, network, cluster name, mesh ID and CA as the one in use?",
		Why:      "Proxies that move to it are given another identity or another place in the mesh: calls between old and new fail.",
		Source:   "https://cloud.google.com/service-mesh/docs/upgrade/plan-upgrade",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				runs, ok := l.runs(c, m.to)
				if !ok || !runs {
					return
				}
				differences := slices.Concat(l.meshDifferences(m, c), l.placeDifferences(m, c), l.issuerDifferences(m, c))
				if len(differences) == 0 {
					return
				}
				l.Find(Finding{
					Cluster: c.Name, Pairs: l.around(c),
					Found: fmt.Sprintf("on %s revision %s differs from %s: %s", c.Name, m.to, m.from, strings.Join(differences, "; ")),
					Want:  "the overlays of the revision in use, repeated for the new one",
					Fix: Fix{
						Text: "install the new revision again with the settings of the one in use. Both as they are now:",
						Commands: []string{
							inSystem(c, "get configmap", names.Suffixed(names.MeshConfig, m.from), names.Suffixed(names.MeshConfig, m.to), "--output=yaml"),
							inSystem(c, "get configmap", names.Suffixed(names.Injector, m.from), names.Suffixed(names.Injector, m.to), "--output=yaml"),
						},
					},
				})
			})
		},
	}
}

// differ tells a setting that two revisions have differently.
func differ(what, before, after string) []string {
	if before == after {
		return nil
	}
	return []string{fmt.Sprintf("%s %s, not %s", what, orNothing(after), orNothing(before))}
}

func orNothing(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// meshDifferences are those of mesh configuration.
func (l *Look) meshDifferences(m move, c *istio.Cluster) []string {
	before, okBefore := l.meshConfig(c, m.from)
	after, okAfter := l.meshConfig(c, m.to)
	if !okBefore || !okAfter {
		return nil
	}
	domainBefore, _ := l.trustDomain(c, m.from)
	domainAfter, _ := l.trustDomain(c, m.to)
	var all []string
	if !slices.Contains(after.Aliases, domainBefore) || !slices.Contains(before.Aliases, domainAfter) {
		all = differ("trust domain", domainBefore, domainAfter)
	}
	all = append(all, differ("CA provider", before.CAProvider, after.CAProvider)...)
	return append(all, differ("root namespace", before.RootNamespace, after.RootNamespace)...)
}

// placeDifferences are those of what injectors tell proxies of their place.
func (l *Look) placeDifferences(m move, c *istio.Cluster) []string {
	injectors, _ := Need(l, c, c.Injectors)
	find := func(revision string) *istio.Injector {
		at := slices.IndexFunc(injectors, func(i istio.Injector) bool { return i.Revision == revision })
		if at < 0 {
			return nil
		}
		return &injectors[at]
	}
	before, after := find(m.from), find(m.to)
	if before == nil || after == nil {
		return nil
	}
	return slices.Concat(
		differ("network", before.Network, after.Network), differ("cluster name", before.Cluster, after.Cluster),
		differ("mesh ID", before.MeshID, after.MeshID), differ("pilotCertProvider", before.CertProvider, after.CertProvider),
	)
}

// issuerDifferences are those of who signs, as the istiods' environment has it.
func (l *Look) issuerDifferences(m move, c *istio.Cluster) []string {
	istiods, _ := Need(l, c, c.Istiods)
	env := func(revision string) map[string]string {
		at := slices.IndexFunc(istiods, func(i istio.Istiod) bool { return i.Revision == revision })
		if at < 0 {
			return nil
		}
		return istiods[at].Env
	}
	before, after := env(m.from), env(m.to)
	if before == nil || after == nil {
		return nil
	}
	planes, _ := Need(l, c, c.ControlPlanes)
	all := differ("Secret of the CA", planeOf(planes, m.from).CASecret, planeOf(planes, m.to).CASecret)
	for _, variable := range []string{names.EnvClusterID, names.EnvCAServer, names.EnvExternalCA} {
		all = append(all, differ(variable, before[variable], after[variable])...)
	}
	return all
}
