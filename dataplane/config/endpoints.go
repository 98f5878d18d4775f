package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
)

// socketLabels is the metadata that transport_socket_matches look at.
const socketLabels = "envoy.transport_socket_match"

// Endpoints is one compiled ClusterLoadAssignment.
type Endpoints struct {
	Name       string
	Proto      *endpointv3.ClusterLoadAssignment
	Localities []Locality
	// Overprovision is the factor, in percent, by which healthy hosts of a
	// priority are held to be able to take more (default 140).
	Overprovision uint32
}

// Locality is a group of hosts.
type Locality struct {
	Region, Zone, SubZone string
	Priority, Weight      uint32
	Hosts                 []Endpoint
}

// Endpoint is one host.
type Endpoint struct {
	Network  string // "tcp" or "unix"
	Address  string // host:port, or a path
	Hostname string
	Weight   uint32 // at least 1
	Healthy  bool
	Health   corev3.HealthStatus
	Labels   map[string]string // of transport sockets
}

// CompileEndpoints compiles in, or says which field it cannot honour.
func CompileEndpoints(in *endpointv3.ClusterLoadAssignment) (*Endpoints, error) {
	if err := Table().Check(in); err != nil {
		return nil, err
	}
	out := &Endpoints{Name: in.GetClusterName(), Proto: in, Overprovision: number(in.GetPolicy().GetOverprovisioningFactor(), 140)}
	for i, group := range in.GetEndpoints() {
		l := Locality{
			Region: group.GetLocality().GetRegion(), Zone: group.GetLocality().GetZone(), SubZone: group.GetLocality().GetSubZone(),
			Priority: group.GetPriority(), Weight: group.GetLoadBalancingWeight().GetValue(),
		}
		for j, e := range group.GetLbEndpoints() {
			h, err := endpoint(e)
			if err != nil {
				return nil, fmt.Errorf("endpoints[%d].lb_endpoints[%d]: %w", i, j, err)
			}
			l.Hosts = append(l.Hosts, h)
		}
		out.Localities = append(out.Localities, l)
	}
	return out, nil
}

func endpoint(in *endpointv3.LbEndpoint) (Endpoint, error) {
	e := Endpoint{
		Weight: max(1, in.GetLoadBalancingWeight().GetValue()), Health: in.GetHealthStatus(),
		Healthy:  in.GetHealthStatus() == corev3.HealthStatus_UNKNOWN || in.GetHealthStatus() == corev3.HealthStatus_HEALTHY,
		Hostname: in.GetEndpoint().GetHostname(),
	}
	labels, err := stringLabels(in.GetMetadata().GetFilterMetadata()[socketLabels])
	if err != nil {
		return e, fmt.Errorf("metadata[%q]: %w", socketLabels, err)
	}
	e.Labels = labels
	switch a := in.GetEndpoint().GetAddress().GetAddress().(type) {
	case *corev3.Address_SocketAddress:
		if a.SocketAddress.GetProtocol() != corev3.SocketAddress_TCP {
			return e, fmt.Errorf("endpoint.address.socket_address.protocol: %s is not supported", a.SocketAddress.GetProtocol())
		}
		e.Network = "tcp"
		e.Address = net.JoinHostPort(a.SocketAddress.GetAddress(), strconv.FormatUint(uint64(a.SocketAddress.GetPortValue()), 10))
	case *corev3.Address_Pipe:
		e.Network, e.Address = "unix", a.Pipe.GetPath()
	default:
		return e, errors.New("endpoint.address: want a socket_address or a pipe")
	}
	return e, nil
}
