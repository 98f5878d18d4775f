package config_test

import (
	"net/netip"
	"testing"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/match"
)

// The chains of a real virtualInbound, for the connections that reach it.
func TestVirtualInboundChains(t *testing.T) {
	l, err := config.CompileListener(listener(t, "sidecar-server", "virtualInbound"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		port      uint16
		transport string
		alpn      []string
		want      string // chain
		tls, http bool
	}{
		{"mesh HTTP to the service port", 5000, "tls", []string{"istio-http/1.1", "istio", "http/1.1"}, "0.0.0.0_5000", true, true},
		{"mesh TCP offer to the service port", 5000, "tls", []string{"istio"}, "0.0.0.0_5000", true, true},
		{"plaintext to the service port", 5000, "raw_buffer", nil, "0.0.0.0_5000", false, true},
		{"the proxy's own port", 15006, "raw_buffer", nil, "virtualInbound-blackhole", false, false},
		{"mesh HTTP to another port", 9999, "tls", []string{"istio-http/1.1", "istio"}, "virtualInbound-catchall-http", true, true},
		{"mesh TCP to another port", 9999, "tls", []string{"istio"}, "virtualInbound", true, false},
		{"foreign TLS to another port", 9999, "tls", []string{"h2"}, "virtualInbound", false, false},
		{"plain HTTP to another port", 9999, "raw_buffer", []string{"http/1.1"}, "virtualInbound-catchall-http", false, true},
		{"plain TCP to another port", 9999, "raw_buffer", nil, "virtualInbound", false, false},
		{"foreign TLS to the service port", 5000, "tls", []string{"h2"}, "", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := l.Select(match.Facts{Dst: netip.AddrPortFrom(netip.MustParseAddr("10.99.1.10"), c.port), Transport: c.transport, ALPN: c.alpn})
			if c.want == "" {
				if got != nil {
					t.Errorf("chain %q, want none", got.Name)
				}
				return
			}
			if got == nil {
				t.Fatalf("no chain, want %q", c.want)
			}
			if got.Name != c.want || (got.TLS != nil) != c.tls || (got.HTTP != nil) != c.http {
				t.Errorf("chain %q (TLS %t, HTTP %t), want %q (%t, %t)", got.Name, got.TLS != nil, got.HTTP != nil, c.want, c.tls, c.http)
			}
		})
	}
	if l.TLSInspector.Enabled(15006) || !l.TLSInspector.Enabled(5000) || !l.OriginalDst || l.HandOff || !l.Bind {
		t.Errorf("TLS inspection, original destination or binding of virtualInbound is wrong: %+v", l)
	}
}

func TestGatewayChains(t *testing.T) {
	l, err := config.CompileListener(listener(t, "gateway", "0.0.0.0_15443"))
	if err != nil {
		t.Fatal(err)
	}
	const sni = "outbound_.5000_._.helloworld.sample.svc.cluster.local"
	for _, c := range []struct {
		name      string
		sni       string
		transport string
		alpn      []string
		ok        bool
	}{
		{"mesh call", sni, "tls", []string{"istio-http/1.1", "istio", "http/1.1"}, true},
		{"upper-case server name", "OUTBOUND_.5000_._.helloworld.sample.svc.cluster.local", "tls", []string{"istio"}, true},
		{"foreign ALPN", sni, "tls", []string{"h2"}, false},
		{"no ALPN", sni, "tls", nil, false},
		{"unknown service", "outbound_.5000_._.other.sample.svc.cluster.local", "tls", []string{"istio"}, false},
		{"plaintext", "", "raw_buffer", nil, false},
	} {
		got := l.Select(match.Facts{SNI: c.sni, Transport: c.transport, ALPN: c.alpn})
		if (got != nil) != c.ok {
			t.Errorf("%s: chain %v, want one: %t", c.name, got, c.ok)
			continue
		}
		if got != nil && (got.TLS != nil || got.TCP == nil || got.TCP.XDSClusters[0].Name != sni) {
			t.Errorf("%s: want bytes passed on to %s, got %+v", c.name, sni, got)
		}
	}
}

func TestCompiledShapes(t *testing.T) {
	c, err := config.CompileXDSCluster(xdsCluster(t, "sidecar-server", "outbound|5000||helloworld.sample.svc.cluster.local"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Policy != config.LeastRequest || c.PanicThreshold != 0 || c.Discovery != config.DiscoverEDS || len(c.Sockets) != 3 || c.LocalityWeighted {
		t.Errorf("xdsCluster: %+v", c)
	}
	if s := c.Sockets[0]; s.Labels["tlsMode"] != "istio" || s.TLS == nil || s.TLS.SNI != "outbound_.5000_._.helloworld.sample.svc.cluster.local" || len(s.TLS.SANs) == 0 || s.TLS.Roots.Name != "ROOTCA" {
		t.Errorf("mesh transport socket: %+v", s)
	}
	in, err := config.CompileXDSCluster(xdsCluster(t, "sidecar-server", "inbound|5000||"))
	if err != nil {
		t.Fatal(err)
	}
	if in.Bind.String() != "127.0.0.6" || in.Discovery != config.DiscoverOriginalDst {
		t.Errorf("inbound xdsCluster must dial from 127.0.0.6: %+v", in)
	}
	drd, err := config.CompileXDSCluster(xdsCluster(t, "subsets-client", "outbound|5000||helloworld.sample.svc.cluster.local"))
	if err != nil {
		t.Fatal(err)
	}
	if drd.Outlier == nil || drd.Outlier.Consecutive5xx != 1 || drd.Outlier.BaseEjection.Seconds() != 60 || !drd.LocalityWeighted || drd.MaxRequestsPerConn != 1 || drd.Policy != config.RoundRobin {
		t.Errorf("xdsCluster with a DestinationRule: %+v, %+v", drd, drd.Outlier)
	}
}
