package scenarios

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net"
	"slices"
	"strconv"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/probe"
)

// gatewayQuery asks for one cluster's gateway as another sees it.
type gatewayQuery struct{ of, seenBy *fleet.Cluster }

// gatewayEndpoints are the address:port pairs by which proxies of the seeing
// cluster reach the other: those of the Services that lead into its network, wherever they
// are and whatever they are called. Where these have a host name, or where there are none,
// since the mesh configuration may list addresses, they are what the seeing cluster's istiod
// knows.
func gatewayEndpoints(ctx context.Context, query gatewayQuery) ([]string, error) {
	gateways, err := istio.ReadGateways(ctx, query.of)
	if err != nil {
		return nil, err
	}
	var endpoints []string
	for _, service := range gateways.Services {
		if service.Network == query.of.Network {
			endpoints = append(endpoints, service.Entrances()...)
		}
	}
	if len(endpoints) == 0 || slices.ContainsFunc(endpoints, named) {
		return resolved(ctx, query)
	}
	return endpoints, nil
}

func named(endpoint string) bool {
	host, _, err := net.SplitHostPort(endpoint)
	return err == nil && net.ParseIP(host) == nil
}

// resolved asks the seeing cluster's istiod for the gateways of the network.
func resolved(ctx context.Context, query gatewayQuery) ([]string, error) {
	istiod, err := probe.ReadyPod(ctx, query.seenBy.Client, names.System, names.IstiodSelector)
	if err != nil {
		return nil, err
	}
	document, err := probe.IstiodDebug(ctx, query.seenBy.Client, names.System, istiod.Name, names.Networkz)
	if err != nil {
		return nil, err
	}
	endpoints, err := entriesOf(document, query.of.Network)
	if err != nil {
		return nil, fmt.Errorf("cluster %q: %w", query.seenBy.Name, err)
	}
	if len(endpoints) == 0 {
		return nil, violated(fmt.Sprintf("istiod of cluster %q knows no way into network %q: the gateway has no address, or its host name does not resolve there", query.seenBy.Name, query.of.Network))
	}
	return endpoints, nil
}

// entriesOf are the address:port pairs of a network in istiod's /debug/networkz.
func entriesOf(document []byte, network string) ([]string, error) {
	gateways, err := fleet.ParseNetworkz(document)
	if err != nil {
		return nil, err
	}
	var endpoints []string
	for _, gateway := range gateways {
		if gateway.Network == network {
			endpoints = append(endpoints, hostPort(gateway.Addr, gateway.Port))
		}
	}
	slices.Sort(endpoints)
	return slices.Compact(endpoints), nil
}

func hostPort[P int | uint32](host string, port P) string {
	return net.JoinHostPort(host, strconv.FormatInt(int64(port), 10))
}

func mapKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
