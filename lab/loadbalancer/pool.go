package loadbalancer

import (
	"fmt"
	"net/netip"
	"sync"
)

// Pool hands out the addresses of one prefix, each to one owner.
type Pool struct {
	prefix netip.Prefix

	mu     sync.Mutex
	owners map[netip.Addr]string // guarded by mu
}

// NewPool returns a pool of the host addresses of an IPv4 prefix: its first
// and last address are never handed out.
func NewPool(prefix netip.Prefix) *Pool {
	return &Pool{prefix: prefix.Masked(), owners: map[netip.Addr]string{}}
}

// Take returns the address of the owner, choosing the lowest free one the first time.
func (p *Pool) Take(owner string) (netip.Addr, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, ok := p.lookup(owner); ok {
		return a, nil
	}
	for a := p.prefix.Addr().Next(); p.prefix.Contains(a.Next()); a = a.Next() {
		if _, taken := p.owners[a]; !taken {
			p.owners[a] = owner
			return a, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("load balancer pool %s has no free address for %s", p.prefix, owner)
}

// Claim gives the owner a certain address, as a controller does that finds it
// in the status of a Service after a restart.
func (p *Pool) Claim(owner string, a netip.Addr) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.prefix.Contains(a) {
		return fmt.Errorf("address %s of %s is not in the load balancer pool %s", a, owner, p.prefix)
	}
	if other, taken := p.owners[a]; taken && other != owner {
		return fmt.Errorf("address %s of %s belongs to %s", a, owner, other)
	}
	p.owners[a] = owner
	return nil
}

// Lookup returns the owner's address if it has one.
func (p *Pool) Lookup(owner string) (netip.Addr, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lookup(owner)
}

// Release frees the owner's address and returns it.
func (p *Pool) Release(owner string) (netip.Addr, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.lookup(owner)
	delete(p.owners, a)
	return a, ok
}

func (p *Pool) lookup(owner string) (netip.Addr, bool) {
	for a, o := range p.owners {
		if o == owner {
			return a, true
		}
	}
	return netip.Addr{}, false
}
