package releases

import (
	"cmp"
	"maps"
	"slices"
)

// Kind tells flips apart.
type Kind string

// The kinds of flips.
const (
	// Changed is a flag that both releases have, with another default.
	Changed Kind = "changed"
	// Removed is a flag that the newer release does not read: what a fleet sets is without
	// effect. Istio then does what the flag's last default was.
	Removed Kind = "removed"
	// New is a flag that the older release does not read.
	New Kind = "new"
	// Settled is a flag that came and went between the two.
	Settled Kind = "settled"
)

// Touch names configuration of a fleet that a change acts upon.
type Touch string

// What changes act upon; empty where that is not known.
const (
	AmbientMode                    Touch = "ambient mode"
	CircuitBreakerMetrics          Touch = "circuit breaker metrics"
	DebugEndpoints                 Touch = "debug endpoints"
	DestinationRuleTLS             Touch = "DestinationRule TLS"
	DiscoverySelectors             Touch = "discoverySelectors"
	EnvoyFilters                   Touch = "EnvoyFilter"
	ExternalNames                  Touch = "ExternalName"
	GatewayAPI                     Touch = "Gateway API"
	ImageRegistry                  Touch = "image registry"
	IncompleteCA                   Touch = "CA files"
	MCPConsumers                   Touch = "MCP consumers"
	MirroredRoutes                 Touch = "mirrored routes"
	NativeSidecars                 Touch = "native sidecars"
	NetworkGateways                Touch = "network gateways"
	OutlierDetection               Touch = "OutlierDetection"
	RemoteSecrets                  Touch = "remote secrets"
	Retries                        Touch = "retries"
	SameHost                       Touch = "same host in several namespaces"
	ServiceEntryNoAddress          Touch = "ServiceEntry without address"
	ServiceEntryNoResolution       Touch = "ServiceEntry with resolution NONE"
	ServiceEntrySeveralDefinitions Touch = "several ServiceEntries for one host"
	Sidecars                       Touch = "Sidecar"
	Stats                          Touch = "stats"
	Tracing                        Touch = "tracing"
	TrustDomains                   Touch = "trust domain"
)

// Flip is a default that differs between two releases.
type Flip struct {
	Flag    string
	Program Program
	Kind    Kind
	// Was and Is are the defaults, as the program prints them. Was is empty where Kind is New
	// or Settled, and Is where it is Removed or Settled.
	Was, Is string
	// Last is the last default of a flag that is Removed or Settled, which the newer release
	// does; empty where that is not known.
	Last string
	// Acts is true where the flip may change what a mesh does that sets no flags. Others
	// matter only to who sets the flag.
	Acts bool
	// Release lists the first release that has it in each of the branches that got it, such
	// as "1.27.6, 1.28.4, 1.29"; of flags that were only read, the first that was read, such
	// as "by 1.31".
	Release string
	Source  string
	// Extracted says that both defaults were read from the source of a release of the same
	// minor version, and not entered by hand.
	Extracted bool
	Touches   Touch
	// Effect is a sentence; empty where none is known.
	Effect string
	// Undone says that the fleet loses a change that it has: on the way back, and where the
	// newer branch gets it in a later patch only.
	Undone bool
}

// off is true of defaults by which a flag does nothing.
func off(value string) bool { return slices.Contains([]string{"", "0", "0s", "false"}, value) }

// Flags are the names of all flags that any release of the catalogue reads.
func Flags(program Program) map[string]bool {
	c := load()
	known := map[string]bool{}
	for _, t := range c.tables {
		for name := range t.Flags[program] {
			known[name] = true
		}
	}
	for flag := range c.changes {
		if flag.program == program {
			known[flag.name] = true
		}
	}
	return known
}

// Flips lists every default that differs between two releases, by flag; those that act come
// first. Backwards, from newer to older, it lists what undoes them. missing names the ends
// that the catalogue does not reach: then the list is of what it does know.
func Flips(from, to Version) (flips []Flip, missing []string) {
	if from.Compare(to) > 0 {
		flips, missing = Flips(to, from)
		for i := range flips {
			flips[i] = flips[i].undone()
		}
		return flips, missing
	}
	for _, end := range []Version{from, to} {
		if end.Compare(oldest()) < 0 || Minors(newest(), end) > 0 {
			missing = append(missing, end.MinorString())
		}
	}
	c := load()
	before, after := c.at(from), c.at(to)
	names := slices.Concat(slices.Collect(maps.Keys(before.flags)), slices.Collect(maps.Keys(after.flags)), slices.Collect(maps.Keys(c.changes)))
	slices.SortFunc(names, flagName.compare)
	for _, name := range slices.Compact(names) {
		if f, differs := c.flip(name, before, after); differs {
			flips = append(flips, f)
		}
	}
	acting := func(f Flip) int {
		if f.Acts {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(flips, func(a, b Flip) int { return cmp.Compare(acting(a), acting(b)) })
	return flips, slices.Compact(missing)
}

// undone is the flip as seen from the newer release. What its effect would be backwards is
// not known.
func (f Flip) undone() Flip {
	f.Was, f.Is, f.Last, f.Effect, f.Undone = f.Is, f.Was, "", "", !f.Undone
	switch f.Kind {
	case New:
		f.Kind = Removed
	case Removed:
		f.Kind = New
	case Changed, Settled:
	}
	return f
}
