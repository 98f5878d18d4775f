package bootstrap

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
)

// Name is what this program calls itself towards the control plane and the
// operator; it is never Envoy.
const Name = "eastwest-dataplane"

// Bootstrap is a compiled bootstrap.
type Bootstrap struct {
	Proto       *bootstrapv3.Bootstrap
	Node        *corev3.Node
	Admin       string // host:port, or "" for none
	ADS         string // xdsCluster of the ADS server
	XDSClusters []*config.XDSCluster
	Listeners   []*config.Listener
}

// ignored are the members whose content this program never looks at. They are
// dropped when they hold types that it cannot even decode.
var ignored = []string{"tracing", "stats_sinks", "stats_config", "overload_manager", "bootstrap_extensions", "watchdogs", "layered_runtime", "grpc_async_client_manager_config"}

// Load reads the file that args names and merges the override over it.
func Load(args Args) (*Bootstrap, error) {
	tree := map[string]any{}
	if args.ConfigPath != "" {
		raw, err := os.ReadFile(args.ConfigPath)
		if err != nil {
			return nil, fmt.Errorf("bootstrap: %w", err)
		}
		if err := yaml.Unmarshal(raw, &tree); err != nil {
			return nil, fmt.Errorf("bootstrap %s: %w", args.ConfigPath, err)
		}
	}
	if args.ConfigYAML != "" {
		over := map[string]any{}
		if err := yaml.Unmarshal([]byte(args.ConfigYAML), &over); err != nil {
			return nil, fmt.Errorf("option --config-yaml: %w", err)
		}
		merge(tree, over)
	}
	return compile(tree)
}

// Parse compiles a bootstrap's text.
func Parse(raw []byte) (*Bootstrap, error) {
	tree := map[string]any{}
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("bootstrap: %w", err)
	}
	return compile(tree)
}

// merge lays over on base: messages are merged, lists appended, the rest
// replaced (protobuf's MergeFrom, which Envoy uses).
func merge(base, over map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(over)) {
		switch v := over[k].(type) {
		case map[string]any:
			if b, ok := base[k].(map[string]any); ok {
				merge(b, v)
				continue
			}
		case []any:
			if b, ok := base[k].([]any); ok {
				base[k] = append(b, v...)
				continue
			}
		}
		base[k] = over[k]
	}
}

func compile(tree map[string]any) (*Bootstrap, error) {
	pb, err := decode(tree)
	if err != nil {
		for _, k := range ignored {
			delete(tree, k)
		}
		if pb, err = decode(tree); err != nil {
			return nil, fmt.Errorf("bootstrap: %w", err)
		}
	}
	out := &Bootstrap{Proto: pb}
	if pb.GetNode().GetId() == "" {
		return nil, errors.New("bootstrap: node.id is missing")
	}
	out.Node = proto.CloneOf(pb.GetNode())
	// istiod and config dumps then tell what program this is.
	out.Node.UserAgentName = Name
	if err := out.admin(); err != nil {
		return nil, fmt.Errorf("bootstrap: %w", err)
	}
	if err := out.dynamic(); err != nil {
		return nil, fmt.Errorf("bootstrap: dynamic_resources: %w", err)
	}
	if err := out.static(); err != nil {
		return nil, fmt.Errorf("bootstrap: static_resources: %w", err)
	}
	return out, nil
}

func decode(tree map[string]any) (*bootstrapv3.Bootstrap, error) {
	raw, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	pb := &bootstrapv3.Bootstrap{}
	return pb, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(raw, pb)
}

func (b *Bootstrap) admin() error {
	a := b.Proto.GetAdmin().GetAddress()
	if a == nil {
		return nil
	}
	s := a.GetSocketAddress()
	if s == nil {
		return errors.New("admin.address: want a socket_address")
	}
	b.Admin = net.JoinHostPort(s.GetAddress(), strconv.FormatUint(uint64(s.GetPortValue()), 10))
	return nil
}

func (b *Bootstrap) dynamic() error {
	d := b.Proto.GetDynamicResources()
	if d.GetCdsConfig().GetAds() == nil || d.GetLdsConfig().GetAds() == nil {
		return errors.New("cds_config and lds_config: want ads")
	}
	if t := d.GetAdsConfig().GetApiType(); t != corev3.ApiConfigSource_DELTA_GRPC {
		return fmt.Errorf("ads_config.api_type: %s is not supported, want DELTA_GRPC (leave ISTIO_DELTA_XDS unset)", t)
	}
	services := d.GetAdsConfig().GetGrpcServices()
	if len(services) != 1 || services[0].GetEnvoyGrpc().GetClusterName() == "" {
		return errors.New("ads_config.grpc_services: want exactly one envoy_grpc")
	}
	b.ADS = services[0].GetEnvoyGrpc().GetClusterName()
	return nil
}

func (b *Bootstrap) static() error {
	for i, in := range b.Proto.GetStaticResources().GetClusters() {
		c, err := config.CompileXDSCluster(in)
		if err != nil {
			return fmt.Errorf("clusters[%d](%s): %w", i, in.GetName(), err)
		}
		b.XDSClusters = append(b.XDSClusters, c)
	}
	for i, in := range b.Proto.GetStaticResources().GetListeners() {
		l, err := config.CompileListener(in)
		if err != nil {
			return fmt.Errorf("listeners[%d](%s): %w", i, in.GetName(), err)
		}
		b.Listeners = append(b.Listeners, l)
	}
	if _, err := b.Target(b.ADS); err != nil {
		return err
	}
	return nil
}

// Target is the gRPC target of a static xdsCluster. Paths of sockets stay as
// they are given: made absolute they could pass the kernel's limit.
func (b *Bootstrap) Target(name string) (string, error) {
	for _, c := range b.XDSClusters {
		if c.Name != name {
			continue
		}
		if c.Endpoints == nil || len(c.Endpoints.Localities) == 0 || len(c.Endpoints.Localities[0].Hosts) == 0 {
			return "", fmt.Errorf("xdsCluster %q has no host", name)
		}
		e := c.Endpoints.Localities[0].Hosts[0]
		if e.Network == "unix" {
			return "unix:" + e.Address, nil
		}
		return "passthrough:///" + e.Address, nil
	}
	return "", fmt.Errorf("there is no static xdsCluster %q", name)
}
