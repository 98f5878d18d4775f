package server_test

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	alpnv3 "github.com/envoyproxy/go-control-plane/contrib/envoy/extensions/filters/http/alpn/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/testmesh"
)

const (
	clientID = "spiffe://cluster.local/ns/sample/sa/sleep"
	serverID = "spiffe://cluster.local/ns/sample/sa/helloworld"
	service  = "outbound|5000||helloworld.sample.svc.cluster.local"
	sni      = "outbound_.5000_._.helloworld.sample.svc.cluster.local"
)

// inbound is a sidecar listener in front of an application.
func inbound(t *testing.T) *listenerv3.Listener {
	l := &listenerv3.Listener{
		Name: "inbound", Address: testmesh.Address(testmesh.Loopback), TrafficDirection: 1,
		ListenerFilters: []*listenerv3.ListenerFilter{testmesh.TLSInspector(t)},
		FilterChains: []*listenerv3.FilterChain{{
			Name: "mtls",
			FilterChainMatch: &listenerv3.FilterChainMatch{
				TransportProtocol: "tls", ApplicationProtocols: []string{"istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"},
			},
			TransportSocket: testmesh.ServerTLS(t),
			Filters:         []*listenerv3.Filter{testmesh.HTTPFilter(t, "", testmesh.Route("inbound", "inbound|5000||", nil))},
		}},
	}
	return l
}

// serverProxy stands in front of an application at to.
func serverProxy(t *testing.T, ca *testmesh.CA, to netip.AddrPort) *proxy {
	t.Helper()
	p := start(t, ca, serverID)
	c := testmesh.XDSCluster(t, "inbound|5000||", nil)
	c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
	c.EdsClusterConfig = nil
	c.LoadAssignment = testmesh.Endpoints(t, c.GetName(), to)
	p.cp.Put(c)
	p.cp.AwaitAck(typeListener, p.cp.Put(inbound(t)))
	p.live()
	return p
}

// clientProxy sends what it is given to hosts.
func clientProxy(t *testing.T, ca *testmesh.CA, wantID string, hosts ...netip.AddrPort) *proxy {
	t.Helper()
	p := start(t, ca, clientID)
	p.cp.Put(testmesh.XDSCluster(t, service, testmesh.ClientTLS(t, sni, wantID)), testmesh.Endpoints(t, service, hosts...),
		testmesh.Listener("outbound", testmesh.Loopback, testmesh.HTTPFilter(t, "5000", nil)),
		testmesh.Route("5000", service, testmesh.DefaultRetry()))
	p.live()
	return p
}

// gatewayProxy passes on to hosts.
func gatewayProxy(t *testing.T, hosts ...netip.AddrPort) *proxy {
	t.Helper()
	p := start(t, nil, "")
	p.cp.Put(testmesh.XDSCluster(t, sni, nil), testmesh.Endpoints(t, sni, hosts...), testmesh.Gateway(t, testmesh.Loopback, sni, sni))
	p.live()
	return p
}

func TestCallsCrossTheGatewayWithMutualTLS(t *testing.T) {
	ca := testmesh.NewCA(t)
	local := serverProxy(t, ca, app(t, "v1"))
	remote := serverProxy(t, ca, app(t, "v2"))
	gateway := gatewayProxy(t, remote.addr("inbound"))
	sleep := clientProxy(t, ca, serverID, local.addr("inbound"), gateway.addr("gateway"))

	seen := map[string]int{}
	c := client(t)
	for range 60 {
		a := get(t, c, sleep.addr("outbound"), "/hello?x=1")
		if a.status != http.StatusOK {
			t.Fatalf("status %d: %s", a.status, a.body)
		}
		seen[a.header.Get("X-App")]++
		xfcc := a.header.Get("X-Saw-Client-Cert")
		if !strings.Contains(xfcc, "URI="+clientID) || !strings.Contains(xfcc, "By="+serverID) {
			t.Fatalf("the application saw client certificate %q, want the caller %s and the server %s in it", xfcc, clientID, serverID)
		}
		if got := a.header.Get("X-Saw-Path"); got != "/hello?x=1" {
			t.Fatalf("the application saw path %q", got)
		}
	}
	// Two fair choices 60 times: both versions, but for a chance of 2^-59.
	if seen["v1"] == 0 || seen["v2"] == 0 {
		t.Errorf("answers by version: %v, want both", seen)
	}
	_, hosts := sleep.admin(http.MethodGet, "/clusters")
	if want := fmt.Sprintf("%s::%s::rq_success::%d\n", service, gateway.addr("gateway"), seen["v2"]); !strings.Contains(hosts, want) {
		t.Errorf("/clusters has no line %q:\n%s", want, hosts)
	}
}

func TestServerOfAnotherIdentityIsRefused(t *testing.T) {
	ca := testmesh.NewCA(t)
	s := serverProxy(t, ca, app(t, "v1"))
	p := clientProxy(t, ca, "spiffe://cluster.local/ns/sample/sa/somebody-else", s.addr("inbound"))
	a := get(t, client(t), p.addr("outbound"), "/")
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, serverID) {
		t.Errorf("got %d %q, want 503 that names %s", a.status, a.body, serverID)
	}
	// The same path with the right identity works: it was the name that failed.
	p.cp.Put(testmesh.XDSCluster(t, service, testmesh.ClientTLS(t, sni, serverID)))
	eventually(t, "calls after the identity was corrected", func() error {
		if a := get(t, client(t), p.addr("outbound"), "/"); a.status != http.StatusOK {
			return fmt.Errorf("status %d: %s", a.status, a.body)
		}
		return nil
	})
}

// A pooled connection must not outlive the rule under which it was made.
func TestTighterIdentityStopsPooledConnections(t *testing.T) {
	ca := testmesh.NewCA(t)
	s := serverProxy(t, ca, app(t, "v1"))
	p := clientProxy(t, ca, serverID, s.addr("inbound"))
	c := client(t)
	if a := get(t, c, p.addr("outbound"), "/"); a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	p.cp.AwaitAck(typeCluster, p.cp.Put(testmesh.XDSCluster(t, service, testmesh.ClientTLS(t, sni, "spiffe://cluster.local/ns/other/sa/other"))))
	if a := get(t, c, p.addr("outbound"), "/"); a.status != http.StatusServiceUnavailable {
		t.Errorf("status %d after the accepted identity changed, want 503", a.status)
	}
}

func TestInboundRefusesStrangers(t *testing.T) {
	ca := testmesh.NewCA(t)
	s := serverProxy(t, ca, app(t, "v1"))
	good := clientProxy(t, ca, serverID, s.addr("inbound"))
	if a := get(t, client(t), good.addr("outbound"), "/"); a.status != http.StatusOK {
		t.Fatalf("control: status %d: %s", a.status, a.body)
	}
	t.Run("plaintext", func(t *testing.T) {
		if got := rawCall(t, s.addr("inbound"), "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); got != 0 {
			t.Errorf("answered %d, want the connection to end", got)
		}
	})
	t.Run("another CA", func(t *testing.T) {
		p := start(t, testmesh.NewCA(t), clientID)
		// It trusts the server, so that only the server can refuse.
		p.cp.PutSecret(ca.Roots())
		p.cp.Put(testmesh.XDSCluster(t, service, testmesh.ClientTLS(t, sni, serverID)), testmesh.Endpoints(t, service, s.addr("inbound")),
			testmesh.Listener("outbound", testmesh.Loopback, testmesh.HTTPFilter(t, "5000", nil)), testmesh.Route("5000", service, nil))
		p.live()
		if a := get(t, client(t), p.addr("outbound"), "/"); a.status != http.StatusServiceUnavailable {
			t.Errorf("status %d, want 503", a.status)
		}
	})
	t.Run("foreign trust domain", func(t *testing.T) {
		p := clientProxy(t, ca, serverID, s.addr("inbound"))
		p.cp.PutSecret(ca.Identity("spiffe://other.example/ns/sample/sa/sleep"))
		eventually(t, "refusal", func() error {
			if a := get(t, client(t), p.addr("outbound"), "/"); a.status != http.StatusServiceUnavailable {
				return fmt.Errorf("status %d", a.status)
			}
			return nil
		})
	})
}

func TestRotationReachesNewConnections(t *testing.T) {
	old, next := testmesh.NewCA(t), testmesh.NewCA(t)
	s := serverProxy(t, old, app(t, "v1"))
	p := clientProxy(t, old, serverID, s.addr("inbound"))
	c := client(t)
	if a := get(t, c, p.addr("outbound"), "/"); a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	// Both sides trust both roots, then get certificates of the new one, then
	// trust that one only: calls never fail.
	ok := func(stage string) {
		t.Helper()
		for range 20 {
			if a := get(t, c, p.addr("outbound"), "/"); a.status != http.StatusOK {
				t.Fatalf("%s: status %d: %s", stage, a.status, a.body)
			}
		}
	}
	awaitSecret := func(x *proxy, name string, n int) {
		t.Helper()
		eventually(t, name, func() error {
			if _, dump := x.admin(http.MethodGet, "/config_dump?resource=dynamic_active_secrets&name_regex="+name); strings.Count(dump, "last_updated") == 0 || !strings.Contains(dump, fmt.Sprintf(`"version_info":  "%d"`, n)) && !strings.Contains(dump, fmt.Sprintf(`"version_info": "%d"`, n)) {
				return fmt.Errorf("no version %d in %s", n, dump)
			}
			return nil
		})
	}
	for _, x := range []*proxy{s, p} {
		awaitSecret(x, "ROOTCA", x.cp.PutSecret(old.Roots(next)))
	}
	ok("both roots")
	awaitSecret(s, "default", s.cp.PutSecret(next.Identity(serverID)))
	ok("new server certificate")
	awaitSecret(p, "default", p.cp.PutSecret(next.Identity(clientID)))
	ok("new client certificate")
	for _, x := range []*proxy{s, p} {
		awaitSecret(x, "ROOTCA", x.cp.PutSecret(next.Roots()))
	}
	ok("old root gone")
	// The old root is really gone: its certificates are refused.
	awaitSecret(p, "default", p.cp.PutSecret(old.Identity(clientID)))
	if a := get(t, c, p.addr("outbound"), "/"); a.status != http.StatusServiceUnavailable {
		t.Errorf("status %d with a certificate of the old root, want 503", a.status)
	}
}

// gRPC's kind of call over mutual TLS: the ALPN filter names HTTP/2 to the server.
func TestHTTP2CrossesMutualTLS(t *testing.T) {
	ca := testmesh.NewCA(t)
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Proto", r.Proto)
		w.Header().Set("Trailer", "Grpc-Status")
		_, _ = io.WriteString(w, "ok")
		w.Header().Set("Grpc-Status", "0")
	}))
	s := start(t, ca, serverID)
	in := testmesh.XDSCluster(t, "inbound|5000||", nil)
	in.TypedExtensionProtocolOptions = asDownstream(t)
	s.cp.Put(in, testmesh.Endpoints(t, in.GetName(), host))
	s.cp.AwaitAck(typeListener, s.cp.Put(inbound(t)))

	p := start(t, ca, clientID)
	out := testmesh.XDSCluster(t, service, testmesh.ClientTLS(t, sni, serverID))
	out.TypedExtensionProtocolOptions = asDownstream(t)
	alpn := &hcmv3.HttpFilter{Name: "istio.alpn", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: testmesh.Any(t, &alpnv3.FilterConfig{
		AlpnOverride: []*alpnv3.FilterConfig_AlpnOverride{
			{UpstreamProtocol: alpnv3.FilterConfig_HTTP11, AlpnOverride: []string{"istio-http/1.1", "istio", "http/1.1"}},
			{UpstreamProtocol: alpnv3.FilterConfig_HTTP2, AlpnOverride: []string{"istio-h2", "istio", "h2"}},
		},
	})}}
	p.cp.Put(out, testmesh.Endpoints(t, service, s.addr("inbound")), testmesh.Route("5000", service, testmesh.DefaultRetry()),
		testmesh.Listener("outbound", testmesh.Loopback, testmesh.HTTPFilter(t, "5000", nil, alpn)))
	p.live()

	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	h2 := &http.Transport{Protocols: protocols}
	t.Cleanup(h2.CloseIdleConnections)
	for name, c := range map[string]struct {
		client *http.Client
		proto  string
	}{"HTTP/2": {&http.Client{Transport: h2, Timeout: testmesh.Patience}, "HTTP/2.0"}, "HTTP/1": {client(t), "HTTP/1.1"}} {
		resp, err := c.client.Get("http://" + p.addr("outbound").String() + "/")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(body) != "ok" || resp.Header.Get("X-Proto") != c.proto || resp.Trailer.Get("Grpc-Status") != "0" {
			t.Errorf("%s: body %q, application saw %s, trailers %v; want ok, %s and grpc-status 0", name, body, resp.Header.Get("X-Proto"), resp.Trailer, c.proto)
		}
	}
}
