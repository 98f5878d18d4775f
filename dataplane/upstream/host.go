package upstream

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
)

// Host is one upstream host of one xdsCluster. It outlives updates that keep
// its address, and its counters with it.
type Host struct {
	Network, Address string

	CxTotal, CxConnectFail      atomic.Uint64
	CxActive                    atomic.Int64
	RqTotal, RqSuccess, RqError atomic.Uint64
	RqTimeout                   atomic.Uint64
	RqActive                    atomic.Int64

	spec atomic.Pointer[config.Endpoint] // as last delivered

	health outlierState

	mu    sync.Mutex // guards pools and gone
	pools map[poolKey]*pool
	gone  bool
}

func newHost(e *config.Endpoint) *Host {
	h := &Host{Network: e.Network, Address: e.Address, pools: map[poolKey]*pool{}}
	h.spec.Store(e)
	return h
}

// Spec is the host's endpoint as last delivered.
func (h *Host) Spec() *config.Endpoint { return h.spec.Load() }

// AddrPort is the host's address when it is an IP and a port.
func (h *Host) AddrPort() (netip.AddrPort, bool) {
	a, err := netip.ParseAddrPort(h.Address)
	return a, err == nil
}

// Available says that the host may be chosen now.
func (h *Host) Available(now time.Time) bool { return h.Spec().Healthy && !h.health.ejected(now) }

// Ejected says that outlier detection keeps traffic away from the host.
func (h *Host) Ejected(now time.Time) bool { return h.health.ejected(now) }

// Hold counts a request or TCP connection in flight; the result ends it.
func (h *Host) Hold() (release func()) {
	h.RqActive.Add(1)
	var once sync.Once
	return func() { once.Do(func() { h.RqActive.Add(-1) }) }
}
