package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

func ew0918() Check {
	return Check{
		ID: "EW0918", Severity: Warning,
		Title:    "A default that changes acts upon configuration in use",
		Question: "Does no changed default of the new release act upon what this fleet uses, unless somebody has set it?",
		Why:      "Proxies that move behave in another way, though nobody has changed anything.",
		Source:   "eastwest, framework/istio/releases; https://istio.io/latest/docs/setup/additional-setup/compatibility-versions/",
		Judge: func(l *Look) {
			l.moving(func(m move, c *istio.Cluster) {
				before, after, ok := l.versions(m, c)
				planes, read := Need(l, c, c.ControlPlanes)
				if !ok || !read {
					return
				}
				pinned := flagsOf(planes, m.to)
				if pinned == nil {
					pinned = flagsOf(planes, m.from)
				}
				flips, _ := releases.Flips(before, after)
				for _, flip := range flips {
					if _, set := pinned[flip.Flag]; set || !flip.Acts || flip.Effect == "" || flip.Touches == "" || l.uses(c, flip.Touches) != used {
						continue
					}
					l.change(c, flip.Touches, flipText(flip), flip.Effect, keeping(flip))
				}
				for _, change := range releases.Changes(before, after) {
					// Other checks look whether these two do harm.
					if slices.Contains([]releases.Touch{"", releases.TrustDomains, releases.IncompleteCA}, change.Touches) || l.uses(c, change.Touches) != used {
						continue
					}
					l.change(c, change.Touches, fmt.Sprintf("since %s %s", change.Release, change.Title), change.Effect, "see whether that is wanted, and try it with a proxy of the new release")
				}
			})
		},
	}
}

func flipText(flip releases.Flip) string {
	if flip.Kind == releases.Removed || flip.Kind == releases.Settled {
		return fmt.Sprintf("%s is gone since %s: Istio does what %s=%s did", flip.Flag, flip.Release, flip.Flag, flip.Last)
	}
	return fmt.Sprintf("%s is %s since %s", flip.Flag, flip.Is, flip.Release)
}

// keeping says how what was can be kept.
func keeping(flip releases.Flip) string {
	const see = "see whether that is wanted"
	switch {
	case flip.Program != releases.Istiod || flip.Kind == releases.Removed || flip.Kind == releases.Settled:
		return see
	case flip.Was != "":
		return fmt.Sprintf("%s; %s=%s among the new revision's values (pilot.env) keeps what was", see, flip.Flag, flip.Was)
	case flip.Is == "true":
		return fmt.Sprintf("%s; %s=false among the new revision's values (pilot.env) switches it off", see, flip.Flag)
	}
	return see
}

func (l *Look) change(c *istio.Cluster, touches releases.Touch, what, effect, advice string) {
	l.Find(Finding{
		Cluster: c.Name,
		Found:   fmt.Sprintf("%s uses %s, and %s. %s", c.Name, touches, what, effect),
		Want:    "somebody who knows of it",
		Fix:     Fix{Text: advice},
	})
}

// usage is whether a fleet uses something.
type usage int

const (
	unused usage = iota
	used
	notKnown
)

// uses looks whether a cluster uses what a change acts upon.
func (l *Look) uses(c *istio.Cluster, touch releases.Touch) usage {
	switch touch {
	case releases.DestinationRuleTLS:
		return somewhere(l, c, c.DestinationRules, originates)
	case releases.OutlierDetection:
		return somewhere(l, c, c.DestinationRules, func(d istio.DestinationRule) bool {
			return d.Spec.TrafficPolicy != nil && d.Spec.TrafficPolicy.OutlierDetection != nil
		})
	case releases.DiscoverySelectors:
		return somewhere(l, c, c.MeshConfigs, func(m istio.MeshConfig) bool { return len(m.DiscoverySelectors) > 0 })
	case releases.EnvoyFilters:
		return somewhere(l, c, c.EnvoyFilters, func(istio.EnvoyFilter) bool { return true })
	case releases.GatewayAPI:
		api, ok := Need(l, c, c.GatewayAPI)
		return usageOf(len(api.Gateways) > 0, ok)
	case releases.NativeSidecars:
		return somewhere(l, c, c.Proxies, func(p istio.ProxySet) bool { return !p.Gateway && !p.Native })
	case releases.RemoteSecrets:
		return somewhere(l, c, c.RemoteSecrets, read)
	case releases.NetworkGateways:
		return somewhere(l, c, c.Injectors, func(i istio.Injector) bool { return i.Network == "" })
	case releases.Sidecars:
		return somewhere(l, c, c.Sidecars, func(istio.Sidecar) bool { return true })
	case releases.ServiceEntryNoAddress:
		return somewhere(l, c, c.ServiceEntries, func(e istio.ServiceEntry) bool { return len(e.Addresses) == 0 })
	case releases.ServiceEntryNoResolution:
		return somewhere(l, c, c.ServiceEntries, func(e istio.ServiceEntry) bool { return e.Resolution == "" || e.Resolution == "NONE" })
	case releases.TrustDomains:
		return somewhere(l, c, c.MeshConfigs, func(m istio.MeshConfig) bool { return m.TrustDomain != "" && m.TrustDomain != defaultTrustDomain })
	case releases.ServiceEntrySeveralDefinitions:
		entries, ok := Need(l, c, c.ServiceEntries)
		return usageOf(severalDefinitions(entries), ok)
	case releases.AmbientMode:
		return somewhere(l, c, c.Namespaces, ambientNamespace)
	}
	return notKnown
}

// somewhere is whether a section has something of a kind.
func somewhere[T any](l *Look, c *istio.Cluster, section istio.Section[[]T], is func(T) bool) usage {
	all, ok := Need(l, c, section)
	return usageOf(slices.ContainsFunc(all, is), ok)
}

func usageOf(found, ok bool) usage {
	switch {
	case !ok:
		return notKnown
	case found:
		return used
	}
	return unused
}
