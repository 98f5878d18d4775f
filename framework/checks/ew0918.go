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
					if _, set := pinned[flip.Flag]; set || !flip.Acts() || flip.Effect == "" || flip.Touches == "" || l.uses(c, flip.Touches) != used {
						continue
					}
					l.change(c, flip.Touches, fmt.Sprintf("%s is %s since %s", flip.Flag, flip.Is, flip.Release), flip.Effect,
						fmt.Sprintf("see whether that is wanted; %s=%s in the new revision's values (pilot.env) keeps what was, if the release still takes it", flip.Flag, orNothing(flip.Was)))
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
		gateways, ok := Need(l, c, c.Gateways)
		return usageOf(len(gateways.Services) > 0, ok)
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
