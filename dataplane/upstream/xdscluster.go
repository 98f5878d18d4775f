package upstream

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
	"github.com/eastwest-mesh/eastwest/dataplane/tlsctx"
)

// ErrNoHost means that the xdsCluster has no host that may be chosen (Envoy's flag UH).
var ErrNoHost = errors.New("no healthy upstream")

// ErrOverflow means that a circuit breaker is open (Envoy's flag UO).
var ErrOverflow = errors.New("overflow")

// maxOriginalDstHosts bounds how many destinations an ORIGINAL_DST xdsCluster
// remembers before the unused ones are forgotten.
const maxOriginalDstHosts = 4096

// XDSCluster is one xdsCluster at run time. Updates replace its state; hosts
// that stay keep their identity.
type XDSCluster struct {
	Name    string
	clock   func() time.Time
	secrets tlsctx.Secrets
	stats   clusterStats
	active  atomic.Int64 // requests and TCP connections in flight

	retrying atomic.Int64 // requests waiting for another try

	state atomic.Pointer[state]

	mu    sync.Mutex // guards hosts and writes to state
	hosts map[string]*Host
}

// state is one generation; it is immutable.
type state struct {
	generation uint64 // of the configuration, not of the endpoints
	cfg        *config.XDSCluster
	endpoints  *config.Endpoints
	over       uint32
	tiers      []*tier
	all        []*Host
	sockets    []socket
}

type socket struct {
	name   string
	labels map[string]string
	tls    *tlsctx.Context
}

type clusterStats struct {
	cxTotal, cxFail, rqTotal, ejections, updates *stats.Counter
	rqClass                                      [6]*stats.Counter
	retries, overflow, noHost                    *stats.Counter
	cxActive, rqActive, members, healthy         *stats.Gauge
}

func newClusterStats(r *stats.Registry, name string) clusterStats {
	c := func(metric string) *stats.Counter {
		return r.Counter(stats.Key{Scope: "cluster", Object: name, Metric: metric})
	}
	g := func(metric string) *stats.Gauge {
		return r.Gauge(stats.Key{Scope: "cluster", Object: name, Metric: metric})
	}
	s := clusterStats{
		cxTotal: c("upstream_cx_total"), cxFail: c("upstream_cx_connect_fail"), rqTotal: c("upstream_rq_total"),
		ejections: c("outlier_detection.ejections_total"), updates: c("update_success"),
		retries: c("upstream_rq_retry"), overflow: c("upstream_rq_pending_overflow"), noHost: c("upstream_cx_none_healthy"),
		cxActive: g("upstream_cx_active"), rqActive: g("upstream_rq_active"),
		members: g("membership_total"), healthy: g("membership_healthy"),
	}
	for i := 1; i < len(s.rqClass); i++ {
		s.rqClass[i] = c(fmt.Sprintf("upstream_rq_%dxx", i))
	}
	return s
}

// Config is the configuration now in force.
func (c *XDSCluster) Config() *config.XDSCluster { return c.state.Load().cfg }

// Endpoints is what was last delivered, or nil.
func (c *XDSCluster) Endpoints() *config.Endpoints { return c.state.Load().endpoints }

// Hosts lists the hosts, in the order of delivery.
func (c *XDSCluster) Hosts() []*Host {
	st := c.state.Load()
	if st.cfg.Discovery != config.DiscoverOriginalDst {
		return st.all
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]*Host, 0, len(c.hosts))
	for _, h := range c.hosts {
		out = append(out, h)
	}
	return out
}

// PickOptions are the wishes of one pick.
type PickOptions struct {
	Dst   netip.AddrPort   // original destination
	Avoid func(*Host) bool // hosts to take only when there is no other; nil: none
}

// Pick chooses a host.
func (c *XDSCluster) Pick(o PickOptions) (*Host, error) {
	st := c.state.Load()
	if st.cfg.Discovery == config.DiscoverOriginalDst {
		return c.originalDst(o.Dst)
	}
	if o.Avoid != nil {
		if h := c.pick(st, func(h *Host) bool { return !o.Avoid(h) }); h != nil {
			return h, nil
		}
	}
	if h := c.pick(st, func(*Host) bool { return true }); h != nil {
		return h, nil
	}
	c.stats.noHost.Inc()
	return nil, fmt.Errorf("xdsCluster %q: %w", c.Name, ErrNoHost)
}

func (c *XDSCluster) pick(st *state, accept func(*Host) bool) *Host {
	now := c.clock()
	healthy, total := make([]int, len(st.tiers)), make([]int, len(st.tiers))
	for i, t := range st.tiers {
		healthy[i], total[i] = usable(t.hosts, now), len(t.hosts)
	}
	load, panics := loads(healthy, total, st.over, st.cfg.PanicThreshold)
	i := pickTier(load, rand.IntN(hundred))
	if i < 0 {
		return nil
	}
	if h := st.tiers[i].pick(st.over, now, panics[i], accept); h != nil {
		return h
	}
	for i, t := range st.tiers { // every host of that tier is refused
		if load[i] > 0 {
			if h := t.pick(st.over, now, panics[i], accept); h != nil {
				return h
			}
		}
	}
	return nil
}

func (c *XDSCluster) originalDst(dst netip.AddrPort) (*Host, error) {
	if !dst.IsValid() || dst.Port() == 0 {
		return nil, fmt.Errorf("xdsCluster %q: the connection has no original destination: %w", c.Name, ErrNoHost)
	}
	key := dst.String()
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.hosts[key]; h != nil {
		return h, nil
	}
	if len(c.hosts) >= maxOriginalDstHosts {
		for k, h := range c.hosts {
			if h.RqActive.Load() == 0 {
				h.retire()
				delete(c.hosts, k)
			}
		}
	}
	h := newHost(&config.Endpoint{Network: "tcp", Address: key, Weight: 1, Healthy: true})
	c.hosts[key] = h
	return h, nil
}

// Admit counts a request or TCP connection in, or refuses it with ErrOverflow.
// HTTP/1 requests beyond max_connections + max_pending_requests are refused as
// Envoy does; waiting ones are let through instead of queued.
func (c *XDSCluster) Admit(tcp bool) (release func(), err error) {
	cfg := c.state.Load().cfg
	limit := int64(cfg.Limits.Requests)
	switch {
	case tcp:
		limit = int64(cfg.Limits.Connections)
	case cfg.HTTP == config.HTTP1:
		limit = min(limit, int64(cfg.Limits.Connections)+int64(cfg.Limits.Pending))
	}
	if c.active.Add(1) > limit {
		c.active.Add(-1)
		c.stats.overflow.Inc()
		return nil, fmt.Errorf("xdsCluster %q: circuit breaker: %w", c.Name, ErrOverflow)
	}
	c.stats.rqActive.Add(1)
	var once sync.Once
	return func() { once.Do(func() { c.active.Add(-1); c.stats.rqActive.Add(-1) }) }, nil
}

// AdmitRetry counts a waiting retry in; ok is false beyond max_retries.
func (c *XDSCluster) AdmitRetry() (done func(), ok bool) {
	if c.retrying.Add(1) > int64(c.state.Load().cfg.Limits.Retries) {
		c.retrying.Add(-1)
		c.stats.overflow.Inc()
		return nil, false
	}
	return func() { c.retrying.Add(-1) }, true
}

// CountRetry counts one more try.
func (c *XDSCluster) CountRetry() { c.stats.retries.Inc() }

// CountRequest counts a try on h that ended with status, or with none (0).
func (c *XDSCluster) CountRequest(h *Host, status int) {
	c.stats.rqTotal.Inc()
	h.RqTotal.Add(1)
	switch {
	case status == 0:
		h.RqError.Add(1)
		c.stats.rqClass[5].Inc()
		return
	case status >= 500:
		h.RqError.Add(1)
	default:
		h.RqSuccess.Add(1)
	}
	if class := status / 100; class < len(c.stats.rqClass) && class > 0 {
		c.stats.rqClass[class].Inc()
	}
}
