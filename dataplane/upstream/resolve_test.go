package upstream

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
)

func TestNamesAreResolved(t *testing.T) {
	asked := make(chan string, 10)
	m := NewManager(Options{Stats: &stats.Registry{}, Resolve: func(_ context.Context, network, host string) ([]netip.Addr, error) {
		asked <- network + " " + host
		return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}, nil
	}})
	defer m.Close()
	for name, c := range map[string]struct {
		discovery config.Discovery
		want      int
	}{"strict": {config.DiscoverDNS, 2}, "logical": {config.DiscoverLogicalDNS, 1}} {
		m.Set(&config.XDSCluster{
			Name: name, Discovery: c.discovery, IPv4Only: true, Sockets: []config.SocketMatch{{}},
			Endpoints: &config.Endpoints{Overprovision: 140, Localities: []config.Locality{{Hosts: []config.Endpoint{{Network: "tcp", Address: "api.example:443", Weight: 1, Healthy: true}}}}},
		})
		if got := <-asked; got != "ip4 api.example" {
			t.Errorf("%s: asked for %q", name, got)
		}
		deadline := time.Now().Add(5 * time.Second)
		for len(m.Get(name).Hosts()) != c.want {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d hosts, want %d", name, len(m.Get(name).Hosts()), c.want)
			}
			<-time.After(time.Millisecond)
		}
		if h := m.Get(name).Hosts()[0]; h.Address != "192.0.2.1:443" || h.Spec().Hostname != "api.example" {
			t.Errorf("%s: host %s %s", name, h.Address, h.Spec().Hostname)
		}
	}
}
