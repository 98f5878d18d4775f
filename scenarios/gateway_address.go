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
	"github.com/eastwest-mesh/eastwest/framework/run"
)

// gatewayQuery asks for one cluster's gateway as another sees it.
type gatewayQuery struct{ of, seenBy *fleet.Cluster }

// gatewayEndpoints are the address:port pairs by which proxies of the seeing
// cluster reach the other: those of the Services that lead into its network, wherever they
// are and whatever they are called. Where these have a host name, or where there are none,
// since the mesh configuration may list addresses, they are what the seeing cluster's istiod
// knows.
func gatewayEndpoints(ctx context.Context, query gatewayQuery) ([]string, error) {
	gateways, err := gatewaysOf(ctx, query.of)
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

// gatewaysOf are the ways into one cluster's network.
func gatewaysOf(ctx context.Context, cluster *fleet.Cluster) (istio.Gateways, error) {
	gateways, why := istio.Look(ctx, cluster, istio.PartGateways).Gateways.Get()
	if why != nil {
		return istio.Gateways{}, fmt.Errorf("read the gateways of cluster %q: %w", cluster.Name, why)
	}
	return gateways, nil
}

// resolved asks the seeing cluster's istiod for the gateways of the network.
func resolved(ctx context.Context, query gatewayQuery) ([]string, error) {
	istiods, why := istio.Look(ctx, query.seenBy, istio.PartNetworks).Istiods.Get()
	if why != nil {
		return nil, fmt.Errorf("cluster %q: %w", query.seenBy.Name, why)
	}
	at := slices.IndexFunc(istiods, func(i istio.Istiod) bool { return i.Ready })
	if at < 0 {
		return nil, fmt.Errorf("cluster %q has no Ready istiod that could be asked for the gateways of network %q", query.seenBy.Name, query.of.Network)
	}
	known, why := istiods[at].Networks.Get()
	if why != nil {
		return nil, fmt.Errorf("cluster %q: %w", query.seenBy.Name, why)
	}
	endpoints := entriesOf(known, query.of.Network)
	if len(endpoints) == 0 {
		return nil, run.Violated(fmt.Sprintf("istiod of cluster %q knows no way into network %q: the gateway has no address, or its host name does not resolve there", query.seenBy.Name, query.of.Network))
	}
	return endpoints, nil
}

// entriesOf are the address:port pairs of a network as an istiod knows them.
func entriesOf(known []istio.NetworkGateway, network string) []string {
	var endpoints []string
	for _, gateway := range known {
		if gateway.Network == network {
			endpoints = append(endpoints, hostPort(gateway.Address, gateway.Port))
		}
	}
	slices.Sort(endpoints)
	return slices.Compact(endpoints)
}

func hostPort[P int | uint32](host string, port P) string {
	return net.JoinHostPort(host, strconv.FormatInt(int64(port), 10))
}

func mapKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
