package testmesh

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	tlsinspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	rawbufferv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/raw_buffer/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Any packs m.
func Any(t testing.TB, m proto.Message) *anypb.Any {
	t.Helper()
	out, err := anypb.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Address is a socket address; port 0 lets the kernel choose.
func Address(ap netip.AddrPort) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address: ap.Addr().String(), PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(ap.Port())},
	}}}
}

// Loopback is where test listeners bind.
var Loopback = netip.MustParseAddrPort("127.0.0.1:0")

// ADS is the config source of everything but secrets.
func ADS() *corev3.ConfigSource {
	return &corev3.ConfigSource{ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}}}
}

func sds(name string) *tlsv3.SdsSecretConfig {
	return &tlsv3.SdsSecretConfig{Name: name, SdsConfig: &corev3.ConfigSource{ConfigSourceSpecifier: &corev3.ConfigSource_ApiConfigSource{
		ApiConfigSource: &corev3.ApiConfigSource{
			ApiType: corev3.ApiConfigSource_GRPC,
			GrpcServices: []*corev3.GrpcService{{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
				EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: "sds-grpc"},
			}}},
		},
	}}}
}

// commonTLS accepts peers whose SAN is one of sans.
func commonTLS(alpn []string, sans ...*matcherv3.StringMatcher) *tlsv3.CommonTlsContext {
	return &tlsv3.CommonTlsContext{
		AlpnProtocols: alpn, TlsCertificateSdsSecretConfigs: []*tlsv3.SdsSecretConfig{sds("default")},
		ValidationContextType: &tlsv3.CommonTlsContext_CombinedValidationContext{CombinedValidationContext: &tlsv3.CommonTlsContext_CombinedCertificateValidationContext{
			DefaultValidationContext:         &tlsv3.CertificateValidationContext{MatchSubjectAltNames: sans}, //nolint:staticcheck // what istiod sends
			ValidationContextSdsSecretConfig: sds("ROOTCA"),
		}},
	}
}

// ServerTLS is the transport socket of an inbound chain.
func ServerTLS(t testing.TB) *corev3.TransportSocket {
	prefix := &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: "spiffe://cluster.local/"}}
	return &corev3.TransportSocket{Name: "envoy.transport_sockets.tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: Any(t, &tlsv3.DownstreamTlsContext{
		CommonTlsContext: commonTLS([]string{"h2", "http/1.1"}, prefix), RequireClientCertificate: wrapperspb.Bool(true),
	})}}
}

// ClientTLS is the transport socket towards a service with an identity.
func ClientTLS(t testing.TB, sni, identity string) *corev3.TransportSocket {
	exact := &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: identity}}
	return &corev3.TransportSocket{Name: "envoy.transport_sockets.tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: Any(t, &tlsv3.UpstreamTlsContext{
		CommonTlsContext: commonTLS([]string{"istio-peer-exchange", "istio"}, exact), Sni: sni,
	})}}
}

// RawSocket is the transport socket without TLS.
func RawSocket(t testing.TB) *corev3.TransportSocket {
	return &corev3.TransportSocket{Name: "envoy.transport_sockets.raw_buffer", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: Any(t, &rawbufferv3.RawBuffer{})}}
}

// XDSCluster is an EDS xdsCluster as istiod shapes it; tls may be nil.
func XDSCluster(t testing.TB, name string, tls *corev3.TransportSocket) *clusterv3.Cluster {
	c := &clusterv3.Cluster{
		Name: name, ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		EdsClusterConfig: &clusterv3.Cluster_EdsClusterConfig{EdsConfig: ADS(), ServiceName: name},
		ConnectTimeout:   durationpb.New(5 * time.Second), LbPolicy: clusterv3.Cluster_LEAST_REQUEST,
		CommonLbConfig: &clusterv3.Cluster_CommonLbConfig{HealthyPanicThreshold: &typev3.Percent{}},
	}
	if tls != nil {
		match, err := structpb.NewStruct(map[string]any{"tlsMode": "istio"})
		if err != nil {
			t.Fatal(err)
		}
		c.TransportSocketMatches = []*clusterv3.Cluster_TransportSocketMatch{
			{Name: "tlsMode-istio", Match: match, TransportSocket: tls},
			{Name: "tlsMode-disabled", Match: &structpb.Struct{}, TransportSocket: RawSocket(t)},
		}
	}
	return c
}

// Endpoints has every address in the mesh at priority 0.
func Endpoints(t testing.TB, name string, addrs ...netip.AddrPort) *endpointv3.ClusterLoadAssignment {
	match, err := structpb.NewStruct(map[string]any{"tlsMode": "istio"})
	if err != nil {
		t.Fatal(err)
	}
	group := &endpointv3.LocalityLbEndpoints{}
	for _, a := range addrs {
		group.LbEndpoints = append(group.LbEndpoints, &endpointv3.LbEndpoint{
			HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: Address(a)}},
			Metadata:       &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"envoy.transport_socket_match": match}},
		})
	}
	return &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{group}}
}

// Route forwards everything to an xdsCluster.
func Route(name, xdsCluster string, retry *routev3.RetryPolicy) *routev3.RouteConfiguration {
	return &routev3.RouteConfiguration{Name: name, IgnorePortInHostMatching: true, VirtualHosts: []*routev3.VirtualHost{{
		Name: "all", Domains: []string{"*"}, IncludeRequestAttemptCount: true,
		Routes: []*routev3.Route{{
			Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
			Action: &routev3.Route_Route{Route: &routev3.RouteAction{
				ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: xdsCluster}, Timeout: durationpb.New(0), RetryPolicy: retry,
			}},
		}},
	}}}
}

// DefaultRetry is istiod's default retry policy.
func DefaultRetry() *routev3.RetryPolicy {
	return &routev3.RetryPolicy{
		RetryOn: "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes", NumRetries: wrapperspb.UInt32(2),
		HostSelectionRetryMaxAttempts: 5,
	}
}

// HTTPFilter is an http_connection_manager; rds names its routes, unless inline
// is given. extra filters come before the router.
func HTTPFilter(t testing.TB, rds string, inline *routev3.RouteConfiguration, extra ...*hcmv3.HttpFilter) *listenerv3.Filter {
	h := &hcmv3.HttpConnectionManager{
		StatPrefix: "test", NormalizePath: wrapperspb.Bool(true), ForwardClientCertDetails: hcmv3.HttpConnectionManager_APPEND_FORWARD,
		SetCurrentClientCertDetails: &hcmv3.HttpConnectionManager_SetCurrentClientCertDetails{Subject: wrapperspb.Bool(true), Uri: true, Dns: true},
		UpgradeConfigs:              []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
		HttpFilters: append(extra, &hcmv3.HttpFilter{
			Name: "envoy.filters.http.router", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: Any(t, &routerv3.Router{})},
		}),
	}
	if inline != nil {
		h.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: inline}
	} else {
		h.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: ADS(), RouteConfigName: rds}}
	}
	return &listenerv3.Filter{Name: "envoy.filters.network.http_connection_manager", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: Any(t, h)}}
}

// TCPFilter is a tcp_proxy.
func TCPFilter(t testing.TB, xdsCluster string) *listenerv3.Filter {
	return &listenerv3.Filter{Name: "envoy.filters.network.tcp_proxy", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: Any(t, &tcpproxyv3.TcpProxy{
		StatPrefix: xdsCluster, ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: xdsCluster},
	})}}
}

// TLSInspector is the listener filter.
func TLSInspector(t testing.TB) *listenerv3.ListenerFilter {
	return &listenerv3.ListenerFilter{Name: "envoy.filters.listener.tls_inspector", ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: Any(t, &tlsinspectorv3.TlsInspector{})}}
}

// Listener has one default chain.
func Listener(name string, addr netip.AddrPort, filters ...*listenerv3.Filter) *listenerv3.Listener {
	return &listenerv3.Listener{Name: name, Address: Address(addr), DefaultFilterChain: &listenerv3.FilterChain{Filters: filters}}
}

// Gateway passes TLS connections on by server name, as an east-west gateway
// does; sni maps to xdsClusters.
func Gateway(t testing.TB, addr netip.AddrPort, sni, xdsCluster string) *listenerv3.Listener {
	return &listenerv3.Listener{
		Name: "gateway", Address: Address(addr), ListenerFilters: []*listenerv3.ListenerFilter{TLSInspector(t)},
		FilterChains: []*listenerv3.FilterChain{{
			FilterChainMatch: &listenerv3.FilterChainMatch{
				ServerNames: []string{sni}, TransportProtocol: "tls",
				ApplicationProtocols: []string{"istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"},
			},
			Filters: []*listenerv3.Filter{TCPFilter(t, xdsCluster)},
		}},
	}
}

// Bootstrap is a bootstrap like pilot-agent's, with everything on one socket.
func Bootstrap(socket string) []byte {
	static := func(name string) string {
		return fmt.Sprintf(`{"name":%q,"type":"STATIC","connect_timeout":"1s","load_assignment":{"cluster_name":%q,"endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"pipe":{"path":%q}}}}]}]}}`, name, name, socket)
	}
	return fmt.Appendf(nil, `{
 "node": {"id": "sidecar~127.0.0.1~test.ns~ns.svc.cluster.local", "cluster": "test"},
 "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
 "dynamic_resources": {
  "lds_config": {"ads": {}}, "cds_config": {"ads": {}},
  "ads_config": {"api_type": "DELTA_GRPC", "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}]}
 },
 "static_resources": {"clusters": [%s, %s]}
}`, static("xds-grpc"), static("sds-grpc"))
}
