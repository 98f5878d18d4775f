package upstream

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
	"github.com/eastwest-mesh/eastwest/dataplane/tlsctx"
)

// Options are what a Manager needs.
type Options struct {
	Secrets tlsctx.Secrets
	Stats   *stats.Registry
	Clock   func() time.Time // nil: time.Now
	Resolve Resolver         // nil: the system's
}

// Manager holds every xdsCluster of a proxy.
type Manager struct {
	o Options

	mu        sync.RWMutex // guards all below
	clusters  map[string]*XDSCluster
	endpoints map[string]*config.Endpoints // by EDS name; kept across CDS updates
	resolving map[string]context.CancelFunc
	resolvers sync.WaitGroup
}

// NewManager returns an empty manager.
func NewManager(o Options) *Manager {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Resolve == nil {
		o.Resolve = systemResolver
	}
	return &Manager{
		o: o, clusters: map[string]*XDSCluster{}, endpoints: map[string]*config.Endpoints{},
		resolving: map[string]context.CancelFunc{},
	}
}

// Get returns the xdsCluster of that name, or nil.
func (m *Manager) Get(name string) *XDSCluster {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.clusters[name]
}

// All lists the xdsClusters by name.
func (m *Manager) All() []*XDSCluster {
	m.mu.RLock()
	out := make([]*XDSCluster, 0, len(m.clusters))
	for _, c := range m.clusters {
		out = append(out, c)
	}
	m.mu.RUnlock()
	slices.SortFunc(out, func(a, b *XDSCluster) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// EDSNames lists the EDS resources that the xdsClusters need, sorted.
func (m *Manager) EDSNames() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []string
	for _, c := range m.clusters {
		if cfg := c.Config(); cfg.Discovery == config.DiscoverEDS {
			out = append(out, cfg.EDSName)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Set adds or updates an xdsCluster.
func (m *Manager) Set(cfg *config.XDSCluster) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.clusters[cfg.Name]
	if c == nil {
		c = &XDSCluster{
			Name: cfg.Name, clock: m.o.Clock, secrets: m.o.Secrets, hosts: map[string]*Host{},
			stats: newClusterStats(m.o.Stats, cfg.Name),
		}
	} else if c.Config().Same(cfg) {
		return
	}
	m.stopResolving(cfg.Name)
	endpoints := cfg.Endpoints
	switch cfg.Discovery {
	case config.DiscoverEDS:
		endpoints = m.endpoints[cfg.EDSName]
	case config.DiscoverDNS, config.DiscoverLogicalDNS:
		endpoints = nil // until the names are resolved
	case config.DiscoverStatic, config.DiscoverOriginalDst:
	}
	c.update(cfg, endpoints)
	m.clusters[cfg.Name] = c
	if cfg.Discovery == config.DiscoverDNS || cfg.Discovery == config.DiscoverLogicalDNS {
		m.startResolving(c, cfg)
	}
}

// Remove drops an xdsCluster. Its endpoints go with it.
func (m *Manager) Remove(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.clusters[name]
	if c == nil {
		return
	}
	m.stopResolving(name)
	delete(m.clusters, name)
	cfg := c.Config()
	c.update(cfg, nil)
	m.o.Stats.Forget("cluster", name)
	if cfg.Discovery == config.DiscoverEDS && !m.usesEDS(cfg.EDSName) {
		delete(m.endpoints, cfg.EDSName)
	}
}

func (m *Manager) usesEDS(name string) bool {
	for _, c := range m.clusters {
		if cfg := c.Config(); cfg.Discovery == config.DiscoverEDS && cfg.EDSName == name {
			return true
		}
	}
	return false
}

// SetEndpoints delivers an EDS resource.
func (m *Manager) SetEndpoints(e *config.Endpoints) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.endpoints[e.Name] = e
	m.deliver(e.Name, e)
}

// RemoveEndpoints takes an EDS resource away: its xdsClusters have no host.
func (m *Manager) RemoveEndpoints(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.endpoints, name)
	m.deliver(name, nil)
}

func (m *Manager) deliver(name string, e *config.Endpoints) {
	for _, c := range m.clusters {
		if cfg := c.Config(); cfg.Discovery == config.DiscoverEDS && cfg.EDSName == name {
			c.update(cfg, e)
		}
	}
}

// Close stops what runs in the background and lets idle connections go.
func (m *Manager) Close() {
	m.mu.Lock()
	for _, cancel := range m.resolving {
		cancel()
	}
	for _, c := range m.clusters {
		for _, h := range c.Hosts() {
			h.closeOlder(^uint64(0))
		}
	}
	m.mu.Unlock()
	m.resolvers.Wait()
}
