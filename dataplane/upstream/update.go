package upstream

import (
	"slices"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/tlsctx"
)

// update puts a new configuration, new endpoints or both in force.
func (c *XDSCluster) update(cfg *config.XDSCluster, endpoints *config.Endpoints) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := &state{cfg: cfg, endpoints: endpoints, over: 140, generation: 1}
	old := c.state.Load()
	if old != nil && old.cfg.Same(cfg) {
		next.generation, next.sockets = old.generation, old.sockets
	} else {
		if old != nil {
			next.generation = old.generation + 1
		}
		next.sockets = c.compileSockets(cfg)
	}
	if cfg.Discovery == config.DiscoverOriginalDst {
		c.publish(next)
		return
	}
	if endpoints != nil {
		next.over = endpoints.Overprovision
	}
	byPriority, kept := c.adopt(endpoints)
	for key, h := range c.hosts {
		if !kept[key] {
			h.retire()
			delete(c.hosts, key)
		}
	}
	for _, groups := range byPriority {
		t := newTier(cfg, groups)
		next.tiers = append(next.tiers, t)
		next.all = append(next.all, t.hosts...)
	}
	c.publish(next)
}

func (c *XDSCluster) publish(next *state) {
	c.state.Store(next)
	c.stats.updates.Inc()
	c.stats.members.Set(int64(len(next.all)))
	c.stats.healthy.Set(int64(usable(next.all, c.clock())))
	for _, h := range c.hosts {
		h.closeOlder(next.generation)
	}
}

// adopt turns endpoints into hosts by priority, keeping those that stay.
func (c *XDSCluster) adopt(endpoints *config.Endpoints) (byPriority [][]group, kept map[string]bool) {
	kept = map[string]bool{}
	if endpoints == nil {
		return nil, kept
	}
	for _, l := range endpoints.Localities {
		for int(l.Priority) >= len(byPriority) {
			byPriority = append(byPriority, nil)
		}
		g := group{weight: l.Weight}
		for i := range l.Hosts {
			e := &l.Hosts[i]
			key := e.Network + ":" + e.Address
			if kept[key] {
				continue // an address counts once, as in Envoy
			}
			kept[key] = true
			h := c.hosts[key]
			if h == nil {
				h = newHost(e)
				c.hosts[key] = h
			} else {
				h.refresh(e)
			}
			g.hosts = append(g.hosts, h)
		}
		byPriority[l.Priority] = append(byPriority[l.Priority], g)
	}
	return byPriority, kept
}

func (c *XDSCluster) compileSockets(cfg *config.XDSCluster) []socket {
	out := make([]socket, 0, len(cfg.Sockets))
	for _, s := range cfg.Sockets {
		n := socket{name: s.Name, labels: s.Labels}
		if s.TLS != nil {
			n.tls = tlsctx.New(s.TLS, c.secrets)
		}
		out = append(out, n)
	}
	return out
}

// socketFor returns the first transport socket that the host's labels fit.
func (st *state) socketFor(h *Host) *socket {
	have := h.Spec().Labels
	i := slices.IndexFunc(st.sockets, func(s socket) bool {
		for k, v := range s.labels {
			if got, ok := have[k]; !ok || got != v {
				return false
			}
		}
		return true
	})
	return &st.sockets[i] // the last one has no labels
}
