package config

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	httpoptionsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// Discovery says where an xdsCluster's hosts come from.
type Discovery int

// The supported discovery types.
const (
	DiscoverStatic Discovery = iota
	DiscoverEDS
	DiscoverOriginalDst
	DiscoverDNS        // every address of the name is a host
	DiscoverLogicalDNS // the first address of the name is the host
)

// Policy is a load balancing policy.
type Policy int

// The supported policies.
const (
	RoundRobin Policy = iota
	LeastRequest
	Random
)

// HTTPVersion says which HTTP an xdsCluster speaks.
type HTTPVersion int

// The choices of HttpProtocolOptions.
const (
	HTTP1 HTTPVersion = iota
	HTTP2
	HTTPAsDownstream
)

// XDSCluster is one compiled xdsCluster.
type XDSCluster struct {
	Name      string
	Proto     *clusterv3.Cluster
	Discovery Discovery
	EDSName   string // EDS only
	Endpoints *Endpoints
	IPv4Only  bool // DNS only

	ConnectTimeout time.Duration
	Bind           netip.Addr // source address; zero: any
	Sockets        []SocketMatch

	Policy           Policy
	ChoiceCount      int
	PanicThreshold   float64 // percent; 0 never panics
	LocalityWeighted bool

	HTTP HTTPVersion
	// MaxRequestsPerConn bounds an HTTP/1 connection's requests. Only 1 is
	// honoured: other bounds just renew connections now and then. 0: no bound.
	MaxRequestsPerConn uint32
	Outlier            *Outlier
	Limits             Limits
	digest             string
}

// SocketMatch is one transport socket; the first whose labels all appear in the
// host's metadata is used.
type SocketMatch struct {
	Name   string
	Labels map[string]string
	TLS    *TLS // nil: cleartext
}

// Limits are the circuit breakers of the default priority.
type Limits struct{ Connections, Pending, Requests, Retries uint32 }

// Outlier is outlier detection. A zero count turns its check off.
type Outlier struct {
	Consecutive5xx, ConsecutiveGateway, ConsecutiveLocal uint32
	Split                                                bool // local errors count apart
	BaseEjection, MaxEjection, Interval                  time.Duration
	MaxEjectionPercent                                   uint32
}

// Same reports whether both come from the same configuration.
func (c *XDSCluster) Same(o *XDSCluster) bool {
	return o != nil && (c == o || c.digest != "" && c.digest == o.digest)
}

// Secrets lists what c needs from SDS.
func (c *XDSCluster) Secrets() []SecretRef {
	var out []SecretRef
	for _, s := range c.Sockets {
		out = append(out, s.TLS.Secrets()...)
	}
	return out
}

// CompileXDSCluster compiles in, or says which field it cannot honour.
func CompileXDSCluster(in *clusterv3.Cluster) (*XDSCluster, error) {
	if err := Table().Check(in); err != nil {
		return nil, err
	}
	wire, err := proto.MarshalOptions{Deterministic: true}.Marshal(in)
	if err != nil {
		return nil, err
	}
	out := &XDSCluster{Name: in.GetName(), Proto: in, ConnectTimeout: 5 * time.Second, digest: string(wire)}
	if out.Name == "" {
		return nil, errors.New("name is missing")
	}
	if t := in.GetConnectTimeout(); t != nil {
		out.ConnectTimeout = t.AsDuration()
	}
	for _, step := range []func(*clusterv3.Cluster) error{
		out.discovery, out.balancing, out.sockets, out.source, out.protocol, out.outlier, out.filters,
	} {
		if err := step(in); err != nil {
			return nil, err
		}
	}
	out.Limits = limits(in.GetCircuitBreakers())
	return out, nil
}

func (c *XDSCluster) discovery(in *clusterv3.Cluster) error {
	switch in.GetType() {
	case clusterv3.Cluster_STATIC:
	case clusterv3.Cluster_EDS:
		c.Discovery = DiscoverEDS
		if c.EDSName = in.GetEdsClusterConfig().GetServiceName(); c.EDSName == "" {
			c.EDSName = in.GetName()
		}
		if in.GetEdsClusterConfig().GetEdsConfig().GetAds() == nil {
			return errors.New("eds_cluster_config.eds_config: want ads")
		}
	case clusterv3.Cluster_ORIGINAL_DST:
		c.Discovery = DiscoverOriginalDst
	case clusterv3.Cluster_STRICT_DNS:
		c.Discovery = DiscoverDNS
	case clusterv3.Cluster_LOGICAL_DNS:
		c.Discovery = DiscoverLogicalDNS
	default:
		return fmt.Errorf("type: %s is not supported", in.GetType())
	}
	c.IPv4Only = in.GetDnsLookupFamily() == clusterv3.Cluster_V4_ONLY
	if in.GetLoadAssignment() == nil {
		if c.Discovery == DiscoverDNS || c.Discovery == DiscoverLogicalDNS {
			return errors.New("load_assignment: want the names to resolve")
		}
	} else {
		e, err := CompileEndpoints(in.GetLoadAssignment())
		if err != nil {
			return fmt.Errorf("load_assignment: %w", err)
		}
		c.Endpoints = e
	}
	return nil
}

func (c *XDSCluster) balancing(in *clusterv3.Cluster) error {
	c.ChoiceCount = 2 // LeastRequestLbConfig.choice_count
	switch in.GetLbPolicy() {
	case clusterv3.Cluster_ROUND_ROBIN:
	case clusterv3.Cluster_LEAST_REQUEST:
		c.Policy = LeastRequest
		if n := in.GetLeastRequestLbConfig().GetChoiceCount(); n != nil {
			c.ChoiceCount = int(n.GetValue())
		}
	case clusterv3.Cluster_RANDOM:
		c.Policy = Random
	case clusterv3.Cluster_CLUSTER_PROVIDED:
		if c.Discovery != DiscoverOriginalDst {
			return errors.New("lb_policy: CLUSTER_PROVIDED is supported only with type ORIGINAL_DST")
		}
	default:
		return fmt.Errorf("lb_policy: %s is not supported", in.GetLbPolicy())
	}
	common := in.GetCommonLbConfig()
	c.PanicThreshold = 50 // CommonLbConfig.healthy_panic_threshold
	if p := common.GetHealthyPanicThreshold(); p != nil {
		c.PanicThreshold = p.GetValue()
	}
	c.LocalityWeighted = common.GetLocalityWeightedLbConfig() != nil
	return nil
}

func (c *XDSCluster) sockets(in *clusterv3.Cluster) error {
	for i, m := range in.GetTransportSocketMatches() {
		t, err := upstreamTLS(m.GetTransportSocket().GetTypedConfig())
		if err != nil {
			return fmt.Errorf("transport_socket_matches[%d](%s): %w", i, m.GetName(), err)
		}
		labels, err := stringLabels(m.GetMatch())
		if err != nil {
			return fmt.Errorf("transport_socket_matches[%d](%s).match: %w", i, m.GetName(), err)
		}
		c.Sockets = append(c.Sockets, SocketMatch{Name: m.GetName(), Labels: labels, TLS: t})
	}
	last := SocketMatch{Name: "default"}
	if ts := in.GetTransportSocket(); ts != nil {
		t, err := upstreamTLS(ts.GetTypedConfig())
		if err != nil {
			return fmt.Errorf("transport_socket(%s): %w", ts.GetName(), err)
		}
		last.TLS = t
	}
	c.Sockets = append(c.Sockets, last)
	return nil
}

func stringLabels(s *structpb.Struct) (map[string]string, error) {
	out := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(s.GetFields())) {
		v, ok := s.GetFields()[k].GetKind().(*structpb.Value_StringValue)
		if !ok {
			return nil, fmt.Errorf("%q: want a string", k)
		}
		out[k] = v.StringValue
	}
	return out, nil
}

func (c *XDSCluster) source(in *clusterv3.Cluster) error {
	s := in.GetUpstreamBindConfig().GetSourceAddress()
	if s == nil {
		return nil
	}
	addr, err := netip.ParseAddr(s.GetAddress())
	if err != nil {
		return fmt.Errorf("upstream_bind_config.source_address: %w", err)
	}
	c.Bind = addr
	return nil
}

func (c *XDSCluster) protocol(in *clusterv3.Cluster) error {
	c.MaxRequestsPerConn = in.GetMaxRequestsPerConnection().GetValue() //nolint:staticcheck // still sent in bootstraps
	if in.GetHttp2ProtocolOptions() != nil {                           //nolint:staticcheck // still sent in bootstraps
		c.HTTP = HTTP2
	}
	const key = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
	for _, name := range slices.Sorted(maps.Keys(in.GetTypedExtensionProtocolOptions())) {
		m, err := decode(in.GetTypedExtensionProtocolOptions()[name])
		if err != nil {
			return fmt.Errorf("typed_extension_protocol_options[%q]: %w", name, err)
		}
		o, ok := m.(*httpoptionsv3.HttpProtocolOptions)
		if !ok || name != key {
			return fmt.Errorf("typed_extension_protocol_options[%q]: not supported", name)
		}
		if n := o.GetCommonHttpProtocolOptions().GetMaxRequestsPerConnection(); n != nil {
			c.MaxRequestsPerConn = n.GetValue()
		}
		switch {
		case o.GetExplicitHttpConfig().GetHttp2ProtocolOptions() != nil:
			c.HTTP = HTTP2
		case o.GetUseDownstreamProtocolConfig().GetHttp2ProtocolOptions() != nil:
			c.HTTP = HTTPAsDownstream
		}
	}
	return nil
}

func (c *XDSCluster) filters(in *clusterv3.Cluster) error {
	for i, f := range in.GetFilters() {
		m, err := decode(f.GetTypedConfig())
		if err == nil && !passive[string(m.ProtoReflect().Descriptor().FullName())] {
			err = fmt.Errorf("filter type %q is not supported", f.GetTypedConfig().GetTypeUrl())
		}
		if err != nil {
			return fmt.Errorf("filters[%d](%s): %w", i, f.GetName(), err)
		}
	}
	return nil
}

func limits(in *clusterv3.CircuitBreakers) Limits {
	out := Limits{Connections: 1024, Pending: 1024, Requests: 1024, Retries: 3} // CircuitBreakers.Thresholds
	for _, t := range in.GetThresholds() {
		if t.GetPriority() != 0 {
			continue
		}
		if v := t.GetMaxConnections(); v != nil {
			out.Connections = v.GetValue()
		}
		if v := t.GetMaxPendingRequests(); v != nil {
			out.Pending = v.GetValue()
		}
		if v := t.GetMaxRequests(); v != nil {
			out.Requests = v.GetValue()
		}
		if v := t.GetMaxRetries(); v != nil {
			out.Retries = v.GetValue()
		}
	}
	return out
}
