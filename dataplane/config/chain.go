package config

import (
	"errors"
	"fmt"
	"time"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	networkrbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/eastwest-mesh/eastwest/dataplane/rbac"
)

// Chain is one compiled filter chain: TLS, then connection rules, then exactly
// one of HTTP and TCP.
type Chain struct {
	Name             string
	TLS              *TLS // nil: cleartext, or bytes passed on as they are
	HandshakeTimeout time.Duration
	RBAC             []*rbac.Engine
	HTTP             *HTTP
	TCP              *TCP

	// Digest is equal for chains with equal configuration, so that an update
	// leaves the connections of unchanged chains alone.
	Digest string
}

// WeightedXDSCluster is one destination of a split.
type WeightedXDSCluster struct {
	Name   string
	Weight uint32
}

// TCP is a compiled tcp_proxy.
type TCP struct {
	StatPrefix  string
	XDSClusters []WeightedXDSCluster
	MaxAttempts int
}

func compileChain(in *listenerv3.FilterChain) (*Chain, error) {
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(in)
	if err != nil {
		return nil, err
	}
	c := &Chain{Name: in.GetName(), HandshakeTimeout: defaultHandshakeTimeout, Digest: string(wire)}
	if t := in.GetTransportSocketConnectTimeout(); t != nil {
		c.HandshakeTimeout = t.AsDuration()
	}
	if ts := in.GetTransportSocket(); ts != nil {
		if c.TLS, err = downstreamTLS(ts.GetTypedConfig()); err != nil {
			return nil, fmt.Errorf("transport_socket(%s): %w", ts.GetName(), err)
		}
	}
	for i, f := range in.GetFilters() {
		if c.HTTP != nil || c.TCP != nil {
			return nil, fmt.Errorf("filters[%d](%s): it follows a terminal filter", i, f.GetName())
		}
		if err := c.filter(f.GetTypedConfig()); err != nil {
			return nil, fmt.Errorf("filters[%d](%s): %w", i, f.GetName(), err)
		}
	}
	if c.HTTP == nil && c.TCP == nil {
		return nil, errors.New("filters: none of them is terminal, want http_connection_manager or tcp_proxy")
	}
	return c, nil
}

func (c *Chain) filter(packed *anypb.Any) error {
	m, err := decode(packed)
	if err != nil {
		return err
	}
	switch m := m.(type) {
	case *hcmv3.HttpConnectionManager:
		c.HTTP, err = compileHTTP(m)
	case *tcpproxyv3.TcpProxy:
		c.TCP, err = compileTCP(m)
	case *networkrbacv3.RBAC:
		var e *rbac.Engine
		if e, err = rbac.Compile(m.GetRules()); err != nil {
			err = fmt.Errorf("rules: %w", err)
		}
		c.RBAC = append(c.RBAC, e)
	default:
		if !passive[string(m.ProtoReflect().Descriptor().FullName())] {
			err = fmt.Errorf("filter type %q is not supported", packed.GetTypeUrl())
		}
	}
	return err
}

// passive filters only observe; the allow-list has already looked inside them.
var passive = map[string]bool{
	"udpa.type.v1.TypedStruct": true, "xds.type.v3.TypedStruct": true,
	"envoy.tcp.metadataexchange.config.MetadataExchange": true,
	"stats.PluginConfig":                                       true,
	"io.istio.http.peer_metadata.Config":                       true,
	"envoy.extensions.filters.http.grpc_stats.v3.FilterConfig": true,
	"envoy.extensions.filters.http.fault.v3.HTTPFault":         true,
	"envoy.extensions.filters.http.cors.v3.Cors":               true,
	"envoy.extensions.filters.http.compressor.v3.Compressor":   true,
}

func decode(packed *anypb.Any) (proto.Message, error) {
	if packed == nil {
		return nil, errors.New("typed_config is missing")
	}
	return packed.UnmarshalNew()
}

func downstreamTLS(packed *anypb.Any) (*TLS, error) {
	m, err := decode(packed)
	if err != nil {
		return nil, err
	}
	d, ok := m.(*tlsv3.DownstreamTlsContext)
	if !ok {
		if packed.MessageIs(rawBuffer) {
			return nil, nil
		}
		return nil, fmt.Errorf("transport socket type %q is not supported", packed.GetTypeUrl())
	}
	t, err := compileTLS(d.GetCommonTlsContext())
	if err != nil {
		return nil, fmt.Errorf("common_tls_context: %w", err)
	}
	t.RequireClientCert = d.GetRequireClientCertificate().GetValue()
	if t.Cert.Name == "" {
		return nil, errors.New("common_tls_context.tls_certificate_sds_secret_configs: want exactly one for a server")
	}
	if t.RequireClientCert && t.Roots.Name == "" {
		return nil, errors.New("require_client_certificate: want roots from SDS to verify it with")
	}
	return t, nil
}

func compileTCP(in *tcpproxyv3.TcpProxy) (*TCP, error) {
	out := &TCP{StatPrefix: in.GetStatPrefix(), MaxAttempts: max(1, int(in.GetMaxConnectAttempts().GetValue()))}
	if c := in.GetCluster(); c != "" {
		out.XDSClusters = []WeightedXDSCluster{{Name: c, Weight: 1}}
		return out, nil
	}
	for _, c := range in.GetWeightedClusters().GetClusters() {
		out.XDSClusters = append(out.XDSClusters, WeightedXDSCluster{Name: c.GetName(), Weight: c.GetWeight()})
	}
	if len(out.XDSClusters) == 0 {
		return nil, errors.New("cluster_specifier: want cluster or weighted_clusters")
	}
	return out, nil
}
