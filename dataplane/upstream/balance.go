package upstream

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
)

// balancer chooses among the hosts of one set of localities of one priority.
type balancer struct {
	policy  config.Policy
	choices int
	hosts   []*Host
	equal   bool // all weights are the same

	mu   sync.Mutex // guards next and edf
	next uint64
	edf  *schedule[*Host]
}

func newBalancer(policy config.Policy, choices int, hosts []*Host) *balancer {
	b := &balancer{policy: policy, choices: max(2, choices), hosts: hosts, equal: true, next: rand.Uint64N(1 << 32)}
	for _, h := range hosts {
		b.equal = b.equal && h.Spec().Weight == hosts[0].Spec().Weight
	}
	return b
}

// pick returns one of the hosts that accept fits, or nil. accept is asked
// again for hosts it refused, so it must be cheap.
func (b *balancer) pick(accept func(*Host) bool) *Host {
	if len(b.hosts) == 0 {
		return nil
	}
	// The policy first: nearly always its choice is accepted.
	for range 2 * len(b.hosts) {
		if h := b.choose(); accept(h) {
			return h
		}
	}
	start := rand.IntN(len(b.hosts))
	for i := range b.hosts {
		if h := b.hosts[(start+i)%len(b.hosts)]; accept(h) {
			return h
		}
	}
	return nil
}

func (b *balancer) choose() *Host {
	switch {
	case len(b.hosts) == 1:
		return b.hosts[0]
	case b.policy == config.Random:
		return b.hosts[rand.IntN(len(b.hosts))]
	case b.policy == config.LeastRequest && b.equal:
		return b.leastOf()
	case b.equal:
		b.mu.Lock()
		defer b.mu.Unlock()
		b.next++
		return b.hosts[b.next%uint64(len(b.hosts))]
	default:
		return b.scheduled()
	}
}

// leastOf takes the least loaded of a few random hosts (power of choices).
func (b *balancer) leastOf() *Host {
	best := b.hosts[rand.IntN(len(b.hosts))]
	for range b.choices - 1 {
		if h := b.hosts[rand.IntN(len(b.hosts))]; h.RqActive.Load() < best.RqActive.Load() {
			best = h
		}
	}
	return best
}

// scheduled follows the weights: earliest deadline first, where under
// LEAST_REQUEST a host's weight shrinks with its requests in flight.
func (b *balancer) scheduled() *Host {
	b.mu.Lock()
	defer b.mu.Unlock()
	weight := func(h *Host) float64 {
		w := float64(h.Spec().Weight)
		if b.policy == config.LeastRequest {
			w /= float64(h.RqActive.Load() + 1)
		}
		return w
	}
	if b.edf == nil {
		b.edf = newSchedule(b.hosts, weight)
	}
	return b.edf.next(weight)
}

// usable counts the hosts that may be chosen.
func usable(hosts []*Host, now time.Time) int {
	n := 0
	for _, h := range hosts {
		if h.Available(now) {
			n++
		}
	}
	return n
}
