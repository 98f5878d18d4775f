package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/istio/releases"
)

// What the checks before an upgrade want to know. They find something only in a snapshot that
// was taken for one.

// move is the upgrade that is considered.
type move struct{ from, to string }

// move tells which; ok is false where none is, or where it is not settled what is in use.
func (l *Look) move() (m move, ok bool) {
	asked := l.Asked.Upgrade
	if asked == nil || asked.From == "" {
		return move{}, false
	}
	return move{asked.From, asked.To}, true
}

// moving calls look for every cluster whose API server answered, where an upgrade is considered.
func (l *Look) moving(look func(move, *istio.Cluster)) {
	if m, ok := l.move(); ok {
		l.each(func(c *istio.Cluster) { look(m, c) })
	}
}

// newVersion is what the new revision's istiods run, the highest where they differ, or else
// what was said that they will.
func (l *Look) newVersion() (releases.Version, bool) {
	m, ok := l.move()
	if !ok {
		return releases.Version{}, false
	}
	var found []releases.Version
	l.each(func(c *istio.Cluster) {
		istiods, _ := Need(l, c, c.Istiods)
		found = append(found, versionsOf(istiods, m.to)...)
	})
	if len(found) > 0 {
		return slices.MaxFunc(found, releases.Version.Compare), true
	}
	if version, err := releases.ParseVersion(l.Asked.Upgrade.Version); err == nil {
		return version, true
	}
	l.unknownVersion(&l.Clusters[0], m.to)
	return releases.Version{}, false
}

// oldVersion is what a cluster's istiods of the old revision run, the lowest where they differ.
func (l *Look) oldVersion(m move, c *istio.Cluster) (releases.Version, bool) {
	istiods, ok := Need(l, c, c.Istiods)
	if !ok || !c.Runs(m.from) {
		return releases.Version{}, false
	}
	found := versionsOf(istiods, m.from)
	if len(found) == 0 {
		l.unknownVersion(c, m.from)
		return releases.Version{}, false
	}
	return slices.MinFunc(found, releases.Version.Compare), true
}

// versions are both ends of the upgrade of a cluster.
func (l *Look) versions(m move, c *istio.Cluster) (before, after releases.Version, ok bool) {
	after, okAfter := l.newVersion()
	before, okBefore := l.oldVersion(m, c)
	return before, after, okAfter && okBefore
}

func (l *Look) unknownVersion(c *istio.Cluster, revision string) {
	why := istio.NotRead[string](istio.Unknown{
		What: "the version of revision " + revision, Reason: istio.Malformed,
		Message: "no image of its istiods has a tag that is a version; give --version",
	})
	Need(l, c, why)
}

func versionsOf(istiods []istio.Istiod, revision string) []releases.Version {
	var found []releases.Version
	for _, istiod := range istiods {
		if version, err := releases.ParseVersion(istiod.Version); istiod.Revision == revision && err == nil {
			found = append(found, version)
		}
	}
	return found
}

// runs is true for a revision that has an istiod in a cluster; ok is false where that is not known.
func (l *Look) runs(c *istio.Cluster, revision string) (runs, ok bool) {
	_, ok = Need(l, c, c.Istiods)
	return c.Runs(revision), ok
}

// begun is true where the new revision runs in a cluster of the fleet. Where it does not, an
// installation everywhere brings what it needs.
func (l *Look) begun(m move) bool {
	begun := false
	l.each(func(c *istio.Cluster) {
		runs, _ := l.runs(c, m.to)
		begun = begun || runs
	})
	return begun
}

// trustDomain is that of a revision in a cluster; ok is false where it has no mesh
// configuration there, and where that could not be read.
func (l *Look) trustDomain(c *istio.Cluster, revision string) (domain string, ok bool) {
	config, ok := l.meshConfig(c, revision)
	return cmp.Or(config.TrustDomain, defaultTrustDomain), ok
}

func (l *Look) meshConfig(c *istio.Cluster, revision string) (istio.MeshConfig, bool) {
	configs, _ := Need(l, c, c.MeshConfigs)
	at := slices.IndexFunc(configs, func(m istio.MeshConfig) bool { return m.Revision == revision })
	if at < 0 {
		return istio.MeshConfig{}, false
	}
	return configs[at], true
}

// some lists the first few of many names.
func some(all []string) string {
	const most = 5
	if len(all) <= most {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
}

// inSystem is a kubectl command in the namespace of the control planes.
func inSystem(c *istio.Cluster, arguments ...string) string {
	return kubectl(c, append([]string{"--namespace=" + names.System}, arguments...)...)
}

// originates is true for a rule by which a proxy begins TLS itself.
func originates(d istio.DestinationRule) bool {
	begins := func(tls *istio.ClientTLS) bool { return tls != nil && (tls.Mode == "SIMPLE" || tls.Mode == "MUTUAL") }
	policy := d.Spec.TrafficPolicy
	return policy != nil && (begins(policy.TLS) || slices.ContainsFunc(policy.PortLevelSettings, func(p istio.PortTrafficPolicy) bool { return begins(p.TLS) }))
}

func ambientNamespace(n istio.MeshNamespace) bool {
	return n.Labels[names.DataplaneMode] == names.Ambient
}

// severalDefinitions is true where two ServiceEntries define one host.
func severalDefinitions(entries []istio.ServiceEntry) bool {
	seen := map[string]bool{}
	for _, entry := range entries {
		for _, host := range entry.Hosts {
			if seen[host] {
				return true
			}
			seen[host] = true
		}
	}
	return false
}
