package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// knownGateways waits until istiod knows where the other networks are entered:
// the Service of a gateway must have come with its cluster's objects and, where
// it has a host name, that must have resolved (F-21). Until then istiod sends
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
			return AwaitGateways(ctx, site.Client, networks, site.Bounds)
		},
	}}
}

// knownShell waits by hand: the document has each network's name in quotes.
func knownShell(networks []string) string {
	patterns := make([]string, 0, len(networks))
	for _, network := range networks {
		patterns = append(patterns, fmt.Sprintf(`\"%s\"`, regexp.QuoteMeta(network)))
	}
	return askIstiods("/debug/networkz", "does not know every gateway", patterns)
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

// KnownGateway is one line of istiod's /debug/networkz, whose fields have no
// JSON names of their own (istio pilot/pkg/model/network.go, NetworkGateway).
// Host names are resolved there: one that does not resolve is missing.
type KnownGateway struct {
	Network string
	Addr    string
	Port    uint32
}

// AwaitGateways waits until every Ready istiod pod of a cluster knows a gateway
// of each of the networks.
func AwaitGateways(ctx context.Context, client *kube.Client, networks []string, bounds kube.Bounds) error {
	return client.AwaitPoll(ctx, kube.Poll{
		For:   "istiod knowing the gateways of " + strings.Join(networks, ", "),
		Bound: bounds.Gateways,
		Hint: "a gateway with a host name is known once the name resolves from istiod's pod; istiod asks again 30 s after a failure at the earliest. " +
			"A gateway with an address is known as soon as istiod is synced with its cluster",
		Ask: func(ctx context.Context) (kube.State, error) {
			known, err := networkz(ctx, client)
			if err != nil {
				return kube.State{}, err
			}
			return judgeGateways(known, networks), nil
		},
	})
}

// networkz asks every Ready istiod pod, by its name.
func networkz(ctx context.Context, client *kube.Client) (map[string][]KnownGateway, error) {
	pods, err := client.Kubernetes.CoreV1().Pods(fleet.SystemNamespace).List(ctx, metav1.ListOptions{LabelSelector: fleet.IstiodSelector})
	if err != nil {
		return nil, fmt.Errorf("list istiod pods of cluster %q: %w", client.Name, err)
	}
	known := map[string][]KnownGateway{}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if !fleet.PodReady(pod) {
			continue
		}
		target := kube.Target{Namespace: pod.Namespace, Pod: pod.Name, Container: "discovery"}
		result, err := client.Exec(ctx, target, kube.ExecOptions{Command: []string{"pilot-discovery", "request", "GET", "/debug/networkz"}})
		if err != nil {
			return nil, err
		}
		if result.ExitCode != 0 {
			return nil, fmt.Errorf("ask %s on cluster %q for /debug/networkz: exit code %d: %s", target, client.Name, result.ExitCode, result.Stderr)
		}
		if known[pod.Name], err = parseNetworkz(result.Stdout); err != nil {
			return nil, err
		}
	}
	if len(known) == 0 {
		return nil, fmt.Errorf("cluster %q has no Ready istiod pod", client.Name)
	}
	return known, nil
}

func parseNetworkz(output []byte) ([]KnownGateway, error) {
	var gateways []KnownGateway
	if err := json.Unmarshal(output, &gateways); err != nil {
		return nil, fmt.Errorf("read /debug/networkz: want a JSON list of gateways: %w", err)
	}
	return gateways, nil
}

func judgeGateways(known map[string][]KnownGateway, networks []string) kube.State {
	state := kube.State{Met: true}
	var seen []string
	for pod, gateways := range known {
		var told []string
		for _, network := range networks {
			addresses := addressesOf(gateways, network)
			state.Met = state.Met && len(addresses) > 0
			told = append(told, fmt.Sprintf("%s at %s", network, strings.Join(addresses, " ")))
			if len(addresses) == 0 {
				told[len(told)-1] = network + " nowhere"
			}
		}
		seen = append(seen, pod+": "+strings.Join(told, ", "))
	}
	slices.Sort(seen)
	state.Seen = strings.Join(seen, "; ")
	return state
}

func addressesOf(gateways []KnownGateway, network string) []string {
	var addresses []string
	for _, gateway := range gateways {
		if gateway.Network == network {
			addresses = append(addresses, gateway.Addr)
		}
	}
	slices.Sort(addresses)
	return slices.Compact(addresses)
}
