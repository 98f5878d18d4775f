package server_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	luav3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/testmesh"
)

func TestLiveOnlyWithRoutesAndSecrets(t *testing.T) {
	ca := testmesh.NewCA(t)
	p := run(t, testmesh.NewControlPlane(t))
	p.cp.Put(testmesh.XDSCluster(t, service, testmesh.ClientTLS(t, sni, serverID)), testmesh.Endpoints(t, service))
	v := p.cp.Put(testmesh.Listener("outbound", testmesh.Loopback, testmesh.HTTPFilter(t, "5000", nil)))
	p.cp.AwaitAck(typeListener, v)
	initializing := func(stage string) {
		t.Helper()
		if status, body := p.admin(http.MethodGet, "/ready"); status != http.StatusServiceUnavailable {
			t.Errorf("%s: /ready answers %d %s, want 503", stage, status, body)
		}
		if _, body := p.admin(http.MethodGet, "/stats?filter=^server\\.state$"); body != "server.state: 2\n" {
			t.Errorf("%s: %q, want server.state 2 (INITIALIZING)", stage, body)
		}
	}
	initializing("no routes, no secrets")
	if a := get(t, client(t), p.addr("outbound"), "/"); a.status != http.StatusServiceUnavailable {
		t.Errorf("status %d before the routes came, want 503: 404 would blame the caller", a.status)
	}
	p.cp.AwaitAck(typeRoute, p.cp.Put(testmesh.Route("5000", service, nil)))
	initializing("no secrets")
	p.cp.PutSecret(ca.Identity(clientID), ca.Roots())
	p.live()
	_, body := p.admin(http.MethodGet, "/stats?usedonly&filter=^(server\\.state|listener_manager\\.workers_started)")
	if want := "listener_manager.workers_started: 1\nserver.state: 0\n"; body != want {
		t.Errorf("readiness statistics %q, want %q", body, want)
	}
	_, body = p.admin(http.MethodGet, `/stats?usedonly&filter=^(cluster_manager\.cds|listener_manager\.lds)\.(update_success|update_rejected)$`)
	for _, name := range []string{"cluster_manager.cds.update_success: ", "listener_manager.lds.update_success: "} {
		if !strings.Contains(body, name) {
			t.Errorf("statistics %q lack %q", body, name)
		}
	}
}

func TestUnknownFilterIsRejectedByNameAndTheOldListenerStays(t *testing.T) {
	p := start(t, testmesh.NewCA(t), "")
	c := testmesh.XDSCluster(t, service, nil)
	p.cp.Put(c, testmesh.Endpoints(t, service, app(t, "v1")))
	p.cp.AwaitAck(typeListener, p.cp.Put(testmesh.Listener("outbound", testmesh.Loopback, testmesh.HTTPFilter(t, "", testmesh.Route("r", service, nil)))))
	at := p.addr("outbound")
	lua := &hcmv3.HttpFilter{Name: "envoy.filters.http.lua", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: testmesh.Any(t, &luav3.Lua{InlineCode: "x"})}} //nolint:staticcheck // any field will do
	p.cp.Put(testmesh.Listener("outbound", testmesh.Loopback, testmesh.HTTPFilter(t, "", testmesh.Route("r", service, nil), lua)))
	nack := p.cp.AwaitNack(1)
	for _, want := range []string{"outbound: ", "default_filter_chain.filters[0]", "http_filters[0](envoy.filters.http.lua)", "envoy.extensions.filters.http.lua.v3.Lua is not supported"} {
		if !strings.Contains(nack, want) {
			t.Errorf("NACK %q does not name %q", nack, want)
		}
	}
	if a := get(t, client(t), at, "/"); a.status != http.StatusOK {
		t.Errorf("status %d after a rejected update, want the old listener to serve", a.status)
	}
	if _, body := p.admin(http.MethodGet, "/stats?filter=lds.update_rejected"); body != "listener_manager.lds.update_rejected: 1\n" {
		t.Errorf("statistics: %q", body)
	}
}

func TestControlPlaneRestart(t *testing.T) {
	p := start(t, testmesh.NewCA(t), "")
	const gone = "outbound|80||gone"
	p.cp.Put(testmesh.XDSCluster(t, service, nil), testmesh.Endpoints(t, service, app(t, "v1")),
		testmesh.XDSCluster(t, gone, nil), testmesh.Endpoints(t, gone, app(t, "gone")),
		testmesh.Listener("outbound", testmesh.Loopback, testmesh.HTTPFilter(t, "5000", nil)), testmesh.Route("5000", service, nil),
		testmesh.Listener("gone", testmesh.Loopback, testmesh.HTTPFilter(t, "gone", nil)), testmesh.Route("gone", gone, nil))
	p.live()
	at, goneAt := p.addr("outbound"), p.addr("gone")
	c := client(t)
	if a := get(t, c, goneAt, "/"); a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}

	p.cp.Stop()
	for range 20 {
		if a := get(t, c, at, "/"); a.status != http.StatusOK {
			t.Fatalf("status %d without a control plane", a.status)
		}
	}
	p.cp.Remove(typeListener, "gone")
	p.cp.Remove(typeRoute, "gone")
	p.cp.Remove(typeCluster, gone)
	p.cp.Remove(typeEndpoint, gone)
	p.cp.Start()

	for _, typeURL := range []string{typeCluster, typeEndpoint, typeListener, typeRoute} {
		r := p.cp.AwaitRequest("the first request of "+typeURL, func(r *discoveryv3.DeltaDiscoveryRequest) bool { return r.GetTypeUrl() == typeURL })
		if len(r.GetInitialResourceVersions()) != 2 {
			t.Errorf("%s: initial versions %v, want those of both resources", typeURL, r.GetInitialResourceVersions())
		}
	}
	eventually(t, "removed resources to vanish", func() error {
		_, dump := p.admin(http.MethodGet, "/config_dump?include_eds")
		if strings.Contains(dump, `"gone"`) || strings.Contains(dump, gone) {
			return fmt.Errorf("the dump still has %q", gone)
		}
		return nil
	})
	if conn, err := net.Dial("tcp", goneAt.String()); err == nil {
		_ = conn.Close()
		t.Error("the removed listener still accepts")
	}
	// Updates flow again on the new stream.
	p.cp.AwaitAck(typeEndpoint, p.cp.Put(testmesh.Endpoints(t, service, app(t, "v2"))))
	if a := get(t, c, at, "/"); a.header.Get("X-App") != "v2" {
		t.Errorf("answered by %q, want v2", a.header.Get("X-App"))
	}
}

func TestNodeIsSentOnceAndNotAsEnvoy(t *testing.T) {
	p := start(t, testmesh.NewCA(t), "")
	p.cp.AwaitAck(typeCluster, p.cp.Put(testmesh.XDSCluster(t, service, nil), testmesh.Endpoints(t, service)))
	first := p.cp.AwaitRequest("a request", func(*discoveryv3.DeltaDiscoveryRequest) bool { return true })
	if got := first.GetNode().GetUserAgentName(); got != "eastwest-dataplane" || first.GetTypeUrl() != typeCluster {
		t.Errorf("first request: user agent %q, type %s; want eastwest-dataplane and xdsClusters", got, first.GetTypeUrl())
	}
	later := p.cp.AwaitRequest("a listener request", func(r *discoveryv3.DeltaDiscoveryRequest) bool { return r.GetTypeUrl() == typeListener })
	if later.GetNode() != nil {
		t.Error("a later request repeats the node")
	}
}

func TestListenerUpdateKeepsSocketAndConnections(t *testing.T) {
	p := start(t, testmesh.NewCA(t), "")
	p.cp.Put(testmesh.XDSCluster(t, service, nil), testmesh.Endpoints(t, service, app(t, "v1")))
	l := testmesh.Listener("outbound", testmesh.Loopback, testmesh.HTTPFilter(t, "5000", nil))
	p.cp.Put(l, testmesh.Route("5000", service, nil))
	p.live()
	before := p.addr("outbound")
	l = testmesh.Listener("outbound", testmesh.Loopback, testmesh.HTTPFilter(t, "5000", nil))
	l.FilterChains = append(l.FilterChains, &listenerv3.FilterChain{
		Name: "another", FilterChainMatch: &listenerv3.FilterChainMatch{TransportProtocol: "tls"}, Filters: l.GetDefaultFilterChain().GetFilters(),
	})
	c := client(t)
	get(t, c, before, "/")
	p.cp.AwaitAck(typeListener, p.cp.Put(l))
	if after := p.addr("outbound"); after != before {
		t.Errorf("bound to %s, then to %s: the socket must stay", before, after)
	}
	if a := get(t, c, before, "/"); a.status != http.StatusOK || a.closes {
		t.Errorf("status %d, Connection: close %t: the unchanged chain's connections must stay", a.status, a.closes)
	}
	_, stats := p.admin(http.MethodGet, "/stats?filter=downstream_cx_total")
	if !strings.Contains(stats, "listener.127.0.0.1_0.downstream_cx_total: 1\n") {
		t.Errorf("%q, want one connection for both calls", stats)
	}
}

func TestDrainAsksCallersToGo(t *testing.T) {
	p := start(t, testmesh.NewCA(t), "")
	in := testmesh.Listener("in", testmesh.Loopback, testmesh.HTTPFilter(t, "", testmesh.Route("r", service, nil)))
	in.TrafficDirection = 1
	p.cp.Put(testmesh.XDSCluster(t, service, nil), testmesh.Endpoints(t, service, app(t, "v1")), in,
		testmesh.Listener("out", testmesh.Loopback, testmesh.HTTPFilter(t, "", testmesh.Route("r", service, nil))))
	p.live()
	if status, _ := p.admin(http.MethodGet, "/drain_listeners?inboundonly"); status != http.StatusMethodNotAllowed {
		t.Errorf("GET drains: %d", status)
	}
	inAt, outAt := p.addr("in"), p.addr("out")
	if status, body := p.admin(http.MethodPost, "/drain_listeners?inboundonly&graceful&skip_exit"); status != http.StatusOK || body != "OK\n" {
		t.Fatalf("drain: %d %q", status, body)
	}
	raw := func(at string) string {
		resp, err := http.Get("http://" + at + "/")
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		if resp.Close {
			return "close"
		}
		return "keep"
	}
	if got := raw(inAt.String()); got != "close" {
		t.Errorf("inbound answer while draining: %s, want Connection: close", got)
	}
	if got := raw(outAt.String()); got != "keep" {
		t.Errorf("outbound answer: %s, want it untouched by inboundonly", got)
	}
	eventually(t, "the inbound socket to close after the drain time", func() error {
		if got := raw(inAt.String()); !strings.Contains(got, "refused") {
			return fmt.Errorf("got %s", got)
		}
		return nil
	})
	http.DefaultClient.CloseIdleConnections()
}

func TestConfigDumpHidesKeysAndTellsVersions(t *testing.T) {
	ca := testmesh.NewCA(t)
	p := clientProxy(t, ca, serverID)
	_, dump := p.admin(http.MethodGet, "/config_dump?include_eds")
	if strings.Contains(dump, "PRIVATE KEY") || !strings.Contains(dump, "W3JlZGFjdGVkXQ==") {
		t.Error("the dump must have [redacted] where the key would be")
	}
	var parsed struct {
		Configs []map[string]any `json:"configs"`
	}
	if err := json.Unmarshal([]byte(dump), &parsed); err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, c := range parsed.Configs {
		types = append(types, strings.TrimPrefix(c["@type"].(string), "type.googleapis.com/envoy.admin.v3."))
	}
	want := "BootstrapConfigDump ClustersConfigDump EndpointsConfigDump ListenersConfigDump RoutesConfigDump SecretsConfigDump"
	if got := strings.Join(types, " "); got != want {
		t.Errorf("sections %q, want %q", got, want)
	}
	_, one := p.admin(http.MethodGet, "/config_dump?resource=dynamic_route_configs&mask=route_config.name")
	if !strings.Contains(one, `"name": "5000"`) || strings.Contains(one, "virtual_hosts") {
		t.Errorf("masked resource: %s", one)
	}
	if status, _ := p.admin(http.MethodGet, "/config_dump?resource=nothing"); status != http.StatusNotFound {
		t.Errorf("unknown resource: status %d, want 404", status)
	}
}

func TestServerInfoNeverSaysEnvoy(t *testing.T) {
	p := start(t, testmesh.NewCA(t), "")
	_, body := p.admin(http.MethodGet, "/server_info")
	if !strings.Contains(body, "eastwest-dataplane") || strings.Contains(strings.ToLower(body), "envoy") {
		t.Errorf("server_info: %s", body)
	}
}
