package mesh

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// knownGateways waits until istiod knows where the other networks are entered:
// the Service of a gateway must have come with its cluster's objects and, where
// it has a host name, that must have resolved. Until then istiod sends
// the addresses of pods that nobody reaches.
func (b *builder) knownGateways(cluster fleet.ClusterSpec) []plan.Action {
	networks := otherNetworks(cluster, b.opts.Clusters)
	if len(networks) == 0 {
		return nil
	}
	return []plan.Action{plan.Await{
		Title: "await istiod knows the gateways of " + strings.Join(networks, ", "),
		Shell: knownShell(networks),
		Until: func(ctx context.Context, site *plan.Site) error {
			return AwaitGateways(ctx, site.Client, Awaited{Revision: b.opts.Revision, Others: networks}, site.Bounds)
		},
	}}
}

// knownShell waits by hand: the document has each network's name in quotes.
func knownShell(networks []string) string {
	patterns := make([]string, 0, len(networks))
	for _, network := range networks {
		patterns = append(patterns, fmt.Sprintf(`\"%s\"`, regexp.QuoteMeta(network)))
	}
	return askIstiods(names.Networkz, "does not know every gateway", patterns)
}

// otherNetworks are those that pods of a cluster cannot reach directly.
func otherNetworks(cluster fleet.ClusterSpec, all []fleet.ClusterSpec) []string {
	var networks []string
	for _, other := range all {
		if other.Network != cluster.Network {
			networks = append(networks, other.Network)
		}
	}
	slices.Sort(networks)
	return slices.Compact(networks)
}

// AwaitGateways waits until every Ready istiod pod of a cluster knows a gateway
// of each of the networks.
func AwaitGateways(ctx context.Context, client *kube.Client, awaited Awaited, bounds kube.Bounds) error {
	networks := awaited.Others
	return client.AwaitPoll(ctx, kube.Poll{
		For:   "istiod knowing the gateways of " + strings.Join(networks, ", "),
		Bound: bounds.Gateways,
		Hint: "a gateway with a host name is known once the name resolves from istiod's pod; istiod asks again 30 s after a failure at the earliest. " +
			"A gateway with an address is known as soon as istiod is synced with its cluster",
		Ask: func(ctx context.Context) (kube.State, error) {
			istiods, err := knowing(ctx, client, awaited.Revision, istio.PartNetworks)
			if err != nil {
				return kube.State{}, err
			}
			return judgeGateways(istiods, networks), nil
		},
	})
}

func judgeGateways(istiods []istio.Istiod, networks []string) kube.State {
	state := kube.State{Met: true}
	seen := make([]string, 0, len(istiods))
	for _, istiod := range istiods {
		known, why := istiod.Networks.Get()
		if why != nil {
			state.Met = false
			seen = append(seen, why.String())
			continue
		}
		parts := make([]string, 0, len(networks))
		for _, network := range networks {
			addresses := addressesOf(known, network)
			if len(addresses) == 0 {
				state.Met = false
				parts = append(parts, network+" nowhere")
				continue
			}
			parts = append(parts, fmt.Sprintf("%s at %s", network, strings.Join(addresses, " ")))
		}
		seen = append(seen, istiod.Name+": "+strings.Join(parts, ", "))
	}
	state.Seen = strings.Join(seen, "; ")
	return state
}

func addressesOf(gateways []istio.NetworkGateway, network string) []string {
	var addresses []string
	for _, gateway := range gateways {
		if gateway.Network == network {
			addresses = append(addresses, gateway.Address)
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses)
}
