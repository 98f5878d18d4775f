package loadbalancer

import (
	"net/netip"
	"testing"
)

func TestPoolHandsOutEachAddressOnce(t *testing.T) {
	p := NewPool(netip.MustParsePrefix("172.30.101.0/30"))
	first, err := p.Take("a")
	if err != nil {
		t.Fatal(err)
	}
	if want := netip.MustParseAddr("172.30.101.1"); first != want {
		t.Errorf("first address: got %s, want %s", first, want)
	}
	again, err := p.Take("a")
	if err != nil || again != first {
		t.Errorf("the same owner must keep its address: got %s, %v", again, err)
	}
	if second, err := p.Take("b"); err != nil || second == first {
		t.Errorf("second owner: got %s, %v", second, err)
	}
	if a, err := p.Take("c"); err == nil {
		t.Errorf("a /30 holds two owners, but a third got %s", a)
	}
	if a, ok := p.Release("a"); !ok || a != first {
		t.Errorf("release: got %s, %v, want %s", a, ok, first)
	}
	if a, err := p.Take("c"); err != nil || a != first {
		t.Errorf("a released address must be handed out again: got %s, %v", a, err)
	}
}

func TestPoolClaim(t *testing.T) {
	p := NewPool(netip.MustParsePrefix("172.30.101.0/24"))
	for _, c := range []struct {
		name, owner, addr string
		ok                bool
	}{
		{"first claim", "a", "172.30.101.7", true},
		{"same owner again", "a", "172.30.101.7", true},
		{"another owner", "b", "172.30.101.7", false},
		{"outside the pool", "b", "172.30.102.7", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := p.Claim(c.owner, netip.MustParseAddr(c.addr)); (err == nil) != c.ok {
				t.Errorf("claim %s for %s: %v, want ok=%v", c.addr, c.owner, err, c.ok)
			}
		})
	}
}
