package checks

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0407() Check {
	return Check{
		ID: "EW0407", Severity: Error,
		Title:    "There is no way into a cluster's network",
		Question: "Is there a gateway into the network of every cluster, or does any istiod know another way?",
		Why:      "Callers on other networks get the addresses of pods that they do not reach.",
		Source:   "https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#install-the-east-west-gateway-in-cluster1",
		Explains: []string{"EW0416", "EW0512", "EW08"},
		Judge:    func(l *Look) { l.each(func(c *istio.Cluster) { noWayIn(l, c) }) },
	}
}

func noWayIn(l *Look, c *istio.Cluster) {
	wanted, known := meantNetwork(l, c)
	gateways, ok := Need(l, c, c.Gateways)
	if !known || !ok || wanted == "" || len(wayIn(gateways, wanted)) > 0 {
		return
	}
	pairs := l.shut(c, wanted)
	if !anyGateway(l) {
		// Then istiod gives all callers the addresses of pods, and they may reach them
		// (pilot/pkg/xds/endpoints/ep_filters.go): only calls can tell.
		pairs = tried(l, pairs)
	}
	if len(pairs) == 0 {
		return
	}
	found := fmt.Sprintf("there is no way into network %q of %s: no Service of any namespace has the label %s=%s, and no istiod knows an address for that network",
		wanted, c.Name, names.Network, wanted)
	fix := Fix{Text: "generate the gateway and install it; " + gatewayFolder + ":", Commands: []string{installGateway(c, wanted)}}
	if gateways.Deployed {
		found += "; gateways are deployed, but no Service leads to them"
		fix = Fix{Text: "install the gateway again (gen-eastwest-gateway.sh), or make the Service that it had:", Commands: []string{gatewayServiceFor(c, gateways, wanted)}}
	}
	l.Find(Finding{
		Cluster: c.Name, Pairs: pairs, Found: found,
		Want: "an east-west gateway whose Service has that label and an address that the other clusters reach",
		Fix:  fix,
	})
}

// anyGateway is true where any istiod knows a way into any network, or is not known not to.
func anyGateway(l *Look) bool {
	found := false
	l.each(func(c *istio.Cluster) {
		istiods, why := c.Istiods.Get()
		found = found || why != nil
		for _, istiod := range serving(c, istiods) {
			ways, why := istiod.Networks.Get()
			found = found || why != nil || len(ways) > 0
		}
	})
	return found
}

// tried are the pairs whose calls are known not to have arrived.
func tried(l *Look, pairs []Pair) []Pair {
	return slices.DeleteFunc(pairs, func(pair Pair) bool {
		i := slices.IndexFunc(l.Clusters, func(c istio.Cluster) bool { return c.Name == pair.Source })
		caller, ok := Need(l, &l.Clusters[i], l.Clusters[i].Caller)
		return !ok || len(caller.Calls) == 0
	})
}

// gatewayServiceFor makes a Service for gateways that are deployed, like that of
// gen-eastwest-gateway.sh.
func gatewayServiceFor(c *istio.Cluster, gateways istio.Gateways, network string) string {
	meta := istio.Meta{Namespace: names.System, Name: names.Gateway}
	if len(gateways.Pods) > 0 {
		meta.Namespace = gateways.Pods[0].Namespace
	}
	object := manifest("v1", "Service", meta, map[string]any{
		"type": "LoadBalancer", "selector": map[string]string{names.GatewayLabel: names.GatewayValue},
		"ports": []any{
			map[string]any{"name": "status-port", "port": 15021},
			map[string]any{"name": "tls", "port": names.CrossPort},
		},
	})
	object["metadata"].(map[string]any)["labels"] = map[string]string{names.Network: network, names.GatewayLabel: names.GatewayValue}
	return applied(c, object)
}
