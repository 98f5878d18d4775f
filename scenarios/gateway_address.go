package scenarios

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/probe"
)

// gatewayQuery asks for one cluster's gateway as another sees it.
type gatewayQuery struct{ of, seenBy *fleet.Cluster }

// gatewayEndpoints are the address:port pairs by which proxies of the seeing
// cluster reach the other. They are read from the gateway's Service; where that
// has a host name, from what the seeing cluster's istiod resolved it to.
func gatewayEndpoints(ctx context.Context, query gatewayQuery) ([]string, error) {
	services, err := query.of.Client.Kubernetes.CoreV1().Services(names.System).List(ctx, metav1.ListOptions{LabelSelector: names.GatewaySelector})
	if err != nil {
		return nil, fmt.Errorf("read the gateway's Service on cluster %q: %w", query.of.Name, err)
	}
	var endpoints []string
	named := false
	for _, service := range services.Items {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			if ingress.IP == "" {
				named = named || ingress.Hostname != ""
				continue
			}
			endpoints = append(endpoints, hostPort(ingress.IP, names.CrossPort))
		}
		for _, address := range service.Spec.ExternalIPs {
			endpoints = append(endpoints, hostPort(address, names.CrossPort))
		}
	}
	if named {
		return resolved(ctx, query)
	}
	if len(endpoints) == 0 {
		return nil, violated(fmt.Sprintf("the east-west gateway of cluster %q has no external address", query.of.Name))
	}
	return endpoints, nil
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
		return nil, violated(fmt.Sprintf("istiod of cluster %q knows no gateway of network %q: its host name may not resolve there", query.seenBy.Name, query.of.Network))
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
