package faults

import "context"

// networkLabel tells istiod the network of a cluster's endpoints.
const networkLabel = "topology.istio.io/network"

func networkFaults() []Fault {
	system := namespaceObject(istioSystem)
	return []Fault{
		{
			Name: "network-none", Breaks: "neither the control plane's namespace nor its injector has a network", Check: "EW0401",
			steps: []step{
				patch(system, `{"metadata":{"labels":{"`+networkLabel+`":null}}}`),
				inInjector(`"network": "[^"]*"`, `"network": ""`), restart(theGateway), restartSample(),
			},
		},
		{
			Name: "network-label", Breaks: "the network label of istio-system names another network", Check: "EW0402",
			steps: []step{patch(system, `{"metadata":{"labels":{"`+networkLabel+`":"network-skewed"}}}`)},
		},
		{
			Name: "network-injected", Breaks: "the injector gives new proxies another network", Check: "EW0402", Source: "https://github.com/istio/istio/issues/46772",
			steps: []step{inInjector(`"network": "[^"]*"`, `"network": "network-other"`), restartSample()},
		},
		{
			Name: "network-pod", Breaks: "HelloWorld's pods are labelled with another network", Check: "EW0405",
			steps: []step{patchAll(deploymentsOfSample(), helloWorld, `{"spec":{"template":{"metadata":{"labels":{"`+networkLabel+`":"network-other"}}}}}`), settledSample()},
		},
		{
			Name: "network-shared", Breaks: "the cluster was installed with the other cluster's network", Check: "EW0406",
			steps: []step{shareNetwork(), restart(theGateway), restartSample()},
		},
		{
			Name: "gateway-unseen", Breaks: "the discoverySelectors leave out the namespace of the gateways", Check: "EW0710", Source: "https://github.com/istio/istio/issues/29359",
			steps: []step{inMeshConfig(`$`, "\ndiscoverySelectors:\n- matchLabels: {mesh: member}\n- matchLabels: {kubernetes.io/metadata.name: sample}")},
		},
	}
}

const gatewayName = "istio-eastwestgateway"

func gatewayService() object { return object{"v1", "Service", istioSystem, gatewayName} }

func exposure() object {
	return object{"networking.istio.io/v1", "Gateway", istioSystem, "cross-network-gateway"}
}

func gatewayFaults() []Fault {
	balancer := func(do func(ctx context.Context, t *target, mend bool) error) []step {
		return []step{{
			do:   func(ctx context.Context, t *target) error { return do(ctx, t, false) },
			undo: func(ctx context.Context, t *target) error { return do(ctx, t, true) },
		}}
	}
	return []Fault{
		{
			Name: "address", Breaks: "the east-west gateway loses its external address", Check: "EW0409",
			steps: balancer(func(ctx context.Context, t *target, mend bool) error {
				return t.lab.WithholdAddress(ctx, t.cluster, istioSystem, gatewayName, mend)
			}),
		},
		{
			Name: "name", Breaks: "the host name of the east-west gateway does not resolve", Check: "EW0412",
			steps: balancer(func(ctx context.Context, t *target, mend bool) error {
				return t.lab.HideName(ctx, t.cluster, istioSystem, gatewayName, mend)
			}),
		},
		{
			Name: "zone", Breaks: "one of the addresses behind the gateway's host name swallows every packet", Check: "EW0415",
			steps: balancer(func(ctx context.Context, t *target, mend bool) error {
				return t.lab.SilenceZone(ctx, t.cluster, istioSystem, gatewayName, mend)
			}),
		},
		{
			Name: "gateway-label", Breaks: "the gateway's Service lacks the label of its network", Check: "EW0403",
			steps: []step{patch(gatewayService(), `{"metadata":{"labels":{"`+networkLabel+`":null}}}`)},
		},
		{
			Name: "gateway-view", Breaks: "the gateway was generated for another network", Check: "EW0404",
			steps: []step{patch(theGateway.object(), `[{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"network-other"}]`), rolledOut(theGateway)},
		},
		{
			Name: "gateway-service", Breaks: "the gateway's Service is deleted", Check: "EW0407",
			steps: []step{remove(gatewayService())},
		},
		{
			Name: "gateway-scaled", Breaks: "the gateway is scaled to nothing", Check: "EW0408",
			steps: []step{patch(theGateway.object(), `{"spec":{"replicas":0}}`), rolledOut(theGateway)},
		},
		{
			Name: "gateway-selector", Breaks: "the gateway's Service selects no pod", Check: "EW0408",
			steps: []step{patch(gatewayService(), `{"spec":{"selector":{"istio":"eastwest-gateway"}}}`)},
		},
		{
			Name: "gateway-node-port", Breaks: "the gateway's Service is of type NodePort, and no node has an external address", Check: "EW0410", Source: "https://github.com/istio/istio/issues/49045",
			steps: []step{patch(gatewayService(), `{"spec":{"type":"NodePort"}}`)},
		},
		{
			Name: "gateway-cluster-ip", Breaks: "the gateway's Service is of type ClusterIP", Check: "EW0410",
			steps: []step{patch(gatewayService(), `[{"op":"replace","path":"/spec/type","value":"ClusterIP"},{"op":"remove","path":"/spec/ports/0/nodePort"},{"op":"remove","path":"/spec/ports/1/nodePort"},{"op":"remove","path":"/spec/ports/2/nodePort"},{"op":"remove","path":"/spec/ports/3/nodePort"}]`)},
		},
		{
			Name: "gateway-port", Breaks: "the gateway's Service has no port 15443", Check: "EW0411",
			steps: []step{patch(gatewayService(), `[{"op":"remove","path":"/spec/ports/1"}]`)},
		},
		{
			Name: "gateway-external-ip", Breaks: "the gateway's Service has an external IP that nobody reaches, beside the balancer's", Check: "EW0414", Source: "https://github.com/istio/istio/issues/43656",
			steps: []step{patch(gatewayService(), `{"spec":{"externalIPs":["203.0.113.7"]}}`)},
		},
		{
			Name: "exposure", Breaks: "the Gateway that exposes the services is deleted", Check: "EW0416",
			steps: []step{remove(exposure())},
		},
		{
			Name: "exposure-hosts", Breaks: "the Gateway that exposes the services has hosts of other services only", Check: "EW0417",
			steps: []step{patch(exposure(), `[{"op":"replace","path":"/spec/servers/0/hosts","value":["*.shop.svc.cluster.local"]}]`)},
		},
		{
			Name: "exposure-mode", Breaks: "the Gateway that exposes the services has TLS mode PASSTHROUGH", Check: "EW0417",
			steps: []step{patch(exposure(), `[{"op":"replace","path":"/spec/servers/0/tls/mode","value":"PASSTHROUGH"}]`)},
		},
		{
			Name: "exposure-selector", Breaks: "the Gateway that exposes the services selects other pods", Check: "EW0417",
			steps: []step{patch(exposure(), `{"spec":{"selector":{"istio":"ingressgateway"}}}`)},
		},
	}
}
