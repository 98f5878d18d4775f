package listener

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/conn"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
	"github.com/eastwest-mesh/eastwest/dataplane/tlsctx"
)

// HTTPServer serves a connection as HTTP; it takes the connection over.
type HTTPServer interface {
	Serve(d *conn.Downstream, cfg *config.HTTP)
}

// TCPServer carries a connection's bytes until it ends.
type TCPServer interface {
	Serve(ctx context.Context, d *conn.Downstream, cfg *config.TCP)
}

// Options are what a Manager needs.
type Options struct {
	HTTP      HTTPServer
	TCP       TCPServer
	Secrets   tlsctx.Secrets
	Stats     *stats.Registry
	Log       *slog.Logger
	DrainTime time.Duration // until connections that an update left behind are closed
}

// Manager holds every listener of a proxy.
type Manager struct {
	o      Options
	ctx    context.Context //nolint:containedctx // of connections, which outlive every call; Close ends it
	cancel context.CancelFunc
	work   sync.WaitGroup // accept loops and connections

	mu     sync.Mutex // guards writes to table, and all below
	table  atomic.Pointer[table]
	drains map[*time.Timer]struct{}
	closed bool
}

// table is what connections look listeners up in; it is immutable.
type table struct {
	byName map[string]*active
	byAddr map[netip.AddrPort]*active // those without sockets of their own
}

// active is one generation of one listener.
type active struct {
	cfg     *config.Listener
	updated time.Time
	chains  map[*config.Chain]*chain
	sockets []*socket
	count   *counters
}

type counters struct {
	total, noChain, handshakeFail, denied *stats.Counter
	active                                *stats.Gauge
}

// NewManager returns a manager without listeners.
func NewManager(o Options) *Manager {
	m := &Manager{o: o, drains: map[*time.Timer]struct{}{}}
	m.ctx, m.cancel = context.WithCancel(context.Background()) //nolint:forbidigo // ended by Close
	m.table.Store(&table{})
	return m
}

// Set adds or updates a listener. An update keeps the sockets whose address
// stays and the connections of chains that did not change.
func (m *Manager) Set(cfg *config.Listener) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return errors.New("the proxy is shutting down")
	}
	old := m.table.Load().byName[cfg.Name]
	next := &active{cfg: cfg, updated: time.Now(), count: m.counters(cfg)}
	opened, err := m.openSockets(next, old)
	if err != nil {
		return err
	}
	stale := next.adoptChains(old, m.o.Secrets)
	m.publish(func(byName map[string]*active) { byName[cfg.Name] = next })
	for _, s := range opened {
		m.work.Go(func() { m.accept(s, cfg.Name) })
	}
	if old != nil {
		for _, s := range old.sockets {
			if !slices.Contains(next.sockets, s) {
				s.close()
			}
		}
	}
	m.drainChains(stale)
	return nil
}

// Remove closes a listener's sockets and drains its connections.
func (m *Manager) Remove(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.table.Load().byName[name]
	if old == nil {
		return
	}
	m.publish(func(byName map[string]*active) { delete(byName, name) })
	for _, s := range old.sockets {
		s.close()
	}
	var all []*chain
	for _, c := range old.chains {
		all = append(all, c)
	}
	m.drainChains(all)
}

func (m *Manager) publish(change func(map[string]*active)) {
	next := &table{byName: map[string]*active{}, byAddr: map[netip.AddrPort]*active{}}
	for name, a := range m.table.Load().byName {
		next.byName[name] = a
	}
	change(next.byName)
	for _, a := range next.byName {
		if a.cfg.Bind {
			continue
		}
		for _, addr := range a.cfg.Addresses {
			next.byAddr[addr] = a
		}
	}
	m.table.Store(next)
}

func (m *Manager) openSockets(next, old *active) (opened []*socket, err error) {
	if !next.cfg.Bind {
		return nil, nil
	}
	for _, addr := range next.cfg.Addresses {
		if s := old.socketAt(addr); s != nil {
			next.sockets = append(next.sockets, s)
			continue
		}
		s, err := listen(m.ctx, addr)
		if err != nil {
			for _, o := range opened {
				o.close()
			}
			return nil, fmt.Errorf("listener %q: %w", next.cfg.Name, err)
		}
		opened, next.sockets = append(opened, s), append(next.sockets, s)
	}
	return opened, nil
}

func (a *active) socketAt(addr netip.AddrPort) *socket {
	if a == nil {
		return nil
	}
	for _, s := range a.sockets {
		if s.addr == addr && !s.closed.Load() {
			return s
		}
	}
	return nil
}

// adoptChains takes over the unchanged chains of old and returns the others.
func (a *active) adoptChains(old *active, secrets tlsctx.Secrets) (stale []*chain) {
	byDigest := map[string]*chain{}
	if old != nil {
		for _, c := range old.chains {
			byDigest[c.cfg.Digest] = c
		}
	}
	a.chains = map[*config.Chain]*chain{}
	for _, cfg := range append(a.cfg.Chains[:len(a.cfg.Chains):len(a.cfg.Chains)], a.cfg.Default) {
		if cfg == nil {
			continue
		}
		c := byDigest[cfg.Digest]
		if c == nil {
			c = newChain(cfg, secrets)
		}
		delete(byDigest, cfg.Digest)
		a.chains[cfg] = c
	}
	for _, c := range byDigest {
		stale = append(stale, c)
	}
	return stale
}

// drainChains asks the connections of chains to end, and ends them after the
// drain time. m.mu is held.
func (m *Manager) drainChains(chains []*chain) {
	if len(chains) == 0 {
		return
	}
	for _, c := range chains {
		c.drain.Store(true)
	}
	m.later(func() {
		for _, c := range chains {
			c.closeAll()
		}
	})
}

// later runs f after the drain time unless the manager is closed first. m.mu is held.
func (m *Manager) later(f func()) {
	var timer *time.Timer
	timer = time.AfterFunc(m.o.DrainTime, func() {
		m.mu.Lock()
		delete(m.drains, timer)
		m.mu.Unlock()
		f()
	})
	m.drains[timer] = struct{}{}
}

// DrainOptions are those of the admin endpoint /drain_listeners.
type DrainOptions struct {
	InboundOnly bool
	Graceful    bool // go on accepting until the drain time is over
}

// Drain ends listeners: their answers ask callers to go, and sockets close.
func (m *Manager) Drain(o DrainOptions) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var sockets []*socket
	for _, a := range m.table.Load().byName {
		if o.InboundOnly && !a.cfg.Inbound {
			continue
		}
		for _, c := range a.chains {
			c.drain.Store(true)
		}
		sockets = append(sockets, a.sockets...)
	}
	closeThem := func() {
		for _, s := range sockets {
			s.close()
		}
	}
	if o.Graceful {
		m.later(closeThem)
		return
	}
	closeThem()
}

// Close ends every socket and connection and waits for their goroutines.
func (m *Manager) Close() {
	m.mu.Lock()
	m.closed = true
	for t := range m.drains {
		t.Stop()
	}
	for _, a := range m.table.Load().byName {
		for _, s := range a.sockets {
			s.close()
		}
		for _, c := range a.chains {
			c.closeAll()
		}
	}
	m.mu.Unlock()
	m.cancel()
	m.work.Wait()
}

// Status is one listener as it is now.
type Status struct {
	Config  *config.Listener
	Updated time.Time
	Bound   []net.Addr // sockets that accept
}

// All lists the listeners by name.
func (m *Manager) All() []Status {
	var out []Status
	for _, a := range m.table.Load().byName {
		s := Status{Config: a.cfg, Updated: a.updated}
		for _, k := range a.sockets {
			if !k.closed.Load() {
				s.Bound = append(s.Bound, k.ln.Addr())
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(a.Config.Name, b.Config.Name) })
	return out
}

// RouteNames lists the route configurations that the listeners need, sorted.
func (m *Manager) RouteNames() []string {
	var out []string
	for _, a := range m.table.Load().byName {
		out = append(out, a.cfg.RouteNames()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (m *Manager) counters(cfg *config.Listener) *counters {
	// Envoy names a listener's statistics by its address.
	object := fmt.Sprintf("%s_%d", cfg.Addresses[0].Addr(), cfg.Addresses[0].Port())
	c := func(metric string) *stats.Counter {
		return m.o.Stats.Counter(stats.Key{Scope: "listener", Object: object, Metric: metric})
	}
	return &counters{
		total: c("downstream_cx_total"), noChain: c("no_filter_chain_match"), handshakeFail: c("ssl.connection_error"),
		denied: c("rbac.denied"),
		active: m.o.Stats.Gauge(stats.Key{Scope: "listener", Object: object, Metric: "downstream_cx_active"}),
	}
}
