package config_test

import (
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extauthzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	luav3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	wasmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/wasm/v3"
	proxyprotocolv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/proxy_protocol/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	quicv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/quic/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/testmesh"
)

// editHTTP changes the connection manager of the last chain of virtualInbound.
func editHTTP(t *testing.T, edit func(*hcmv3.HttpConnectionManager)) proto.Message {
	t.Helper()
	l := listener(t, "sidecar-server", "virtualInbound")
	for _, fc := range l.GetFilterChains() {
		for _, f := range fc.GetFilters() {
			var h hcmv3.HttpConnectionManager
			if fc.GetName() != "0.0.0.0_5000" || f.GetTypedConfig().UnmarshalTo(&h) != nil {
				continue
			}
			edit(&h)
			f.ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: testmesh.Any(t, &h)}
			return l
		}
	}
	t.Fatal("no connection manager to edit")
	return nil
}

func addHTTPFilter(t *testing.T, name string, m proto.Message) proto.Message {
	return editHTTP(t, func(h *hcmv3.HttpConnectionManager) {
		h.HttpFilters = append([]*hcmv3.HttpFilter{{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: testmesh.Any(t, m)}}}, h.GetHttpFilters()...)
	})
}

func editListener(t *testing.T, edit func(*listenerv3.Listener)) proto.Message {
	l := listener(t, "sidecar-server", "virtualInbound")
	edit(l)
	return l
}

func editCluster(t *testing.T, edit func(*clusterv3.Cluster)) proto.Message {
	c := xdsCluster(t, "sidecar-server", "outbound|5000||helloworld.sample.svc.cluster.local")
	edit(c)
	return c
}

func editRoute(t *testing.T, edit func(*routev3.Route)) proto.Message {
	r := routes(t, "sidecar-server", "5000")
	edit(r.GetVirtualHosts()[0].GetRoutes()[0])
	return r
}

func TestWhatCannotBeHonouredIsRefusedByName(t *testing.T) {
	pack := func(m proto.Message) *anypb.Any { return testmesh.Any(t, m) }
	unknown := &anypb.Any{TypeUrl: "type.googleapis.com/example.Unheard"}
	for name, c := range map[string]struct {
		in   proto.Message
		want []string // in the error
	}{
		"JWT":              {addHTTPFilter(t, "envoy.filters.http.jwt_authn", &jwtv3.JwtAuthentication{}), []string{"http_filters[0](envoy.filters.http.jwt_authn)", "JwtAuthentication is not supported"}},
		"external authz":   {addHTTPFilter(t, "envoy.filters.http.ext_authz", &extauthzv3.ExtAuthz{}), []string{"(envoy.filters.http.ext_authz)", "ExtAuthz is not supported"}},
		"external process": {addHTTPFilter(t, "envoy.filters.http.ext_proc", &extprocv3.ExternalProcessor{}), []string{"ExternalProcessor is not supported"}},
		"Lua":              {addHTTPFilter(t, "envoy.filters.http.lua", &luav3.Lua{}), []string{"(envoy.filters.http.lua)", "Lua is not supported"}},
		"Wasm":             {addHTTPFilter(t, "envoy.filters.http.wasm", &wasmv3.Wasm{}), []string{"Wasm is not supported"}},
		"rate limit":       {addHTTPFilter(t, "envoy.filters.http.local_ratelimit", &ratelimitv3.LocalRateLimit{}), []string{"LocalRateLimit is not supported"}},
		"a fault":          {addHTTPFilter(t, "envoy.filters.http.fault", &faultv3.HTTPFault{UpstreamCluster: "x"}), []string{"(envoy.filters.http.fault)", "upstream_cluster: field is not supported"}},
		"unheard HTTP type": {editHTTP(t, func(h *hcmv3.HttpConnectionManager) {
			h.HttpFilters[0].ConfigType = &hcmv3.HttpFilter_TypedConfig{TypedConfig: unknown}
		}), []string{"http_filters[0]", `type "type.googleapis.com/example.Unheard" is not supported`}},
		"filter disabled": {editHTTP(t, func(h *hcmv3.HttpConnectionManager) { h.HttpFilters[0].Disabled = true }), []string{"http_filters[0]", "disabled: field is not supported"}},
		"trusted hops":    {editHTTP(t, func(h *hcmv3.HttpConnectionManager) { h.XffNumTrustedHops = 1 }), []string{"xff_num_trusted_hops: field is not supported"}},
		"escaped slashes": {editHTTP(t, func(h *hcmv3.HttpConnectionManager) {
			h.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_UNESCAPE_AND_FORWARD
		}), []string{"path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD is not supported"}},
		"RBAC log action": {addHTTPFilter(t, "envoy.filters.http.rbac", &httprbacv3.RBAC{Rules: &rbacv3.RBAC{Action: rbacv3.RBAC_LOG}}), []string{"rules: action: LOG is not supported"}},
		"RBAC condition": {addHTTPFilter(t, "envoy.filters.http.rbac", &httprbacv3.RBAC{Rules: &rbacv3.RBAC{Policies: map[string]*rbacv3.Policy{"p": {
			Permissions: []*rbacv3.Permission{{Rule: &rbacv3.Permission_Metadata{}}},
		}}}}), []string{`policies["p"].permissions[0]`, "metadata"}},

		"listener filter": {editListener(t, func(l *listenerv3.Listener) {
			l.ListenerFilters[0].ConfigType = &listenerv3.ListenerFilter_TypedConfig{TypedConfig: pack(&proxyprotocolv3.ProxyProtocol{})}
		}), []string{"listener_filters[0]", "ProxyProtocol is not supported"}},
		"transport socket": {editListener(t, func(l *listenerv3.Listener) {
			l.FilterChains[1].TransportSocket = &corev3.TransportSocket{Name: "quic", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: pack(&quicv3.QuicDownstreamTransport{})}}
		}), []string{"filter_chains[1]", "transport_socket", "QuicDownstreamTransport is not supported"}},
		"inline certificate": {editListener(t, func(l *listenerv3.Listener) {
			l.FilterChains[1].TransportSocket = &corev3.TransportSocket{ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: pack(&tlsv3.DownstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{TlsCertificates: []*tlsv3.TlsCertificate{{}}}})}}
		}), []string{"tls_certificates: field is not supported"}},
		"source match":       {editListener(t, func(l *listenerv3.Listener) { l.FilterChains[1].FilterChainMatch.SourcePorts = []uint32{1} }), []string{"filter_chain_match.source_ports: field is not supported"}},
		"fast open":          {editListener(t, func(l *listenerv3.Listener) { l.TcpFastOpenQueueLength = wrapperspb.UInt32(1) }), []string{"tcp_fast_open_queue_length: field is not supported"}},
		"no terminal filter": {editListener(t, func(l *listenerv3.Listener) { l.FilterChains[0].Filters = nil }), []string{"filter_chains[0]", "none of them is terminal"}},
		"tunnel":             {testmesh.Listener("l", testmesh.Loopback, &listenerv3.Filter{ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: pack(&tcpproxyv3.TcpProxy{ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: "c"}, TunnelingConfig: &tcpproxyv3.TcpProxy_TunnelingConfig{Hostname: "h"}})}}), []string{"tunneling_config: field is not supported"}},

		"per-route fault": {editRoute(t, func(r *routev3.Route) {
			r.TypedPerFilterConfig = map[string]*anypb.Any{"envoy.filters.http.fault": pack(&faultv3.HTTPFault{})}
		}), []string{"routes[0]", "typed_per_filter_config: field is not supported"}},
		"mirror": {editRoute(t, func(r *routev3.Route) {
			r.GetRoute().RequestMirrorPolicies = []*routev3.RouteAction_RequestMirrorPolicy{{Cluster: "x"}}
		}), []string{"request_mirror_policies: field is not supported"}},
		"traffic fraction": {editRoute(t, func(r *routev3.Route) { r.Match.RuntimeFraction = &corev3.RuntimeFractionalPercent{} }), []string{"match.runtime_fraction: field is not supported"}},
		"cluster header": {editRoute(t, func(r *routev3.Route) {
			r.GetRoute().ClusterSpecifier = &routev3.RouteAction_ClusterHeader{ClusterHeader: "x"}
		}), []string{"cluster_header: field is not supported"}},
		"retry condition": {editRoute(t, func(r *routev3.Route) { r.GetRoute().RetryPolicy.RetryOn = "http3-post-connect-failure" }), []string{"retry_policy: retry_on", "http3-post-connect-failure"}},
		"header command": {editRoute(t, func(r *routev3.Route) {
			r.RequestHeadersToAdd = []*corev3.HeaderValueOption{{Header: &corev3.HeaderValue{Key: "a", Value: "%REQ(b)%"}}}
		}), []string{"request_headers_to_add[0](a)", "command operators are not supported"}},
		"bounded stream": {editRoute(t, func(r *routev3.Route) {
			r.GetRoute().MaxStreamDuration = &routev3.RouteAction_MaxStreamDuration{MaxStreamDuration: durationpb.New(time.Second)}
		}), []string{"max_stream_duration: only 0 is supported"}},

		"ring hash":     {editCluster(t, func(c *clusterv3.Cluster) { c.LbPolicy = clusterv3.Cluster_RING_HASH }), []string{"lb_policy: RING_HASH is not supported"}},
		"health checks": {editCluster(t, func(c *clusterv3.Cluster) { c.HealthChecks = []*corev3.HealthCheck{{}} }), []string{"health_checks: field is not supported"}},
		"subset LB":     {editCluster(t, func(c *clusterv3.Cluster) { c.LbSubsetConfig = &clusterv3.Cluster_LbSubsetConfig{} }), []string{"lb_subset_config: field is not supported"}},
		"LB extension":  {editCluster(t, func(c *clusterv3.Cluster) { c.LoadBalancingPolicy = &clusterv3.LoadBalancingPolicy{} }), []string{"load_balancing_policy: field is not supported"}},
		"success rate": {editCluster(t, func(c *clusterv3.Cluster) {
			c.OutlierDetection = &clusterv3.OutlierDetection{EnforcingSuccessRate: wrapperspb.UInt32(100)}
		}), []string{"outlier_detection.enforcing_success_rate: only 0"}},
		"slow start": {editCluster(t, func(c *clusterv3.Cluster) {
			c.LbConfig = &clusterv3.Cluster_LeastRequestLbConfig_{LeastRequestLbConfig: &clusterv3.Cluster_LeastRequestLbConfig{SlowStartConfig: &clusterv3.Cluster_SlowStartConfig{}}}
		}), []string{"slow_start_config: field is not supported"}},
		"unverified TLS": {editCluster(t, func(c *clusterv3.Cluster) {
			c.TransportSocketMatches[0].TransportSocket.ConfigType = &corev3.TransportSocket_TypedConfig{TypedConfig: pack(&tlsv3.UpstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{}})}
		}), []string{"transport_socket_matches[0]", "not verified is not supported"}},
		"internal endpoint": {&endpointv3.ClusterLoadAssignment{Endpoints: []*endpointv3.LocalityLbEndpoints{{LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{
			Address: &corev3.Address{Address: &corev3.Address_EnvoyInternalAddress{EnvoyInternalAddress: &corev3.EnvoyInternalAddress{}}},
		}}}}}}}, []string{"endpoints[0].lb_endpoints[0].endpoint.address.envoy_internal_address: field is not supported"}},
		"dropped load": {&endpointv3.ClusterLoadAssignment{Policy: &endpointv3.ClusterLoadAssignment_Policy{DropOverloads: []*endpointv3.ClusterLoadAssignment_Policy_DropOverload{{Category: "x"}}}}, []string{"policy.drop_overloads: field is not supported"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := compile(c.in)
			if err == nil {
				t.Fatalf("accepted, want an error that names %q", c.want)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\ndoes not name %q", err, want)
				}
			}
		})
	}
}

func TestEveryIgnoredFieldHasAReason(t *testing.T) {
	ignored := config.Table().Ignored()
	if len(ignored) < 50 {
		t.Fatalf("only %d ignored fields: the table is not what this test thinks", len(ignored))
	}
	for field, reason := range ignored {
		if len(reason) < 10 {
			t.Errorf("%s: reason %q", field, reason)
		}
	}
	// Whatever decides about security or routing may never be among them.
	for _, never := range []string{"rules", "typed_per_filter_config", "require_tls", "require_client_certificate", "match_subject_alt_names", "transport_socket", "lb_policy", "filters", "http_filters", "priority_set", "crl"} {
		for field := range ignored {
			if strings.HasSuffix(field, "."+never) {
				t.Errorf("%s is ignored", field)
			}
		}
	}
}

func TestAddressesOfAllShapesCompileOrAreRefused(t *testing.T) {
	for addr, ok := range map[string]bool{"0.0.0.0": true, "::": true, "::1": true, "::ffff:127.0.0.1": true, "fe80::1%eth0": true, "": false, "localhost": false, "[::]": false} {
		l := &listenerv3.Listener{
			Name: "l", Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: addr}}},
			DefaultFilterChain: &listenerv3.FilterChain{Filters: []*listenerv3.Filter{testmesh.TCPFilter(t, "c")}},
		}
		if _, err := config.CompileListener(l); (err == nil) != ok {
			t.Errorf("address %q: %v, want ok %t", addr, err, ok)
		}
	}
}
