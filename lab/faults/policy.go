package faults

const helloWorld = "app=helloworld"

func deploymentsOfSample() object { return object{"apps/v1", "Deployment", "sample", ""} }

func policyFaults() []Fault {
	return []Fault{
		{
			Name: "mtls-disabled", Breaks: "a PeerAuthentication disables mutual TLS in the workloads' namespace", Check: "EW0701",
			steps: []step{apply("mtls-disabled")},
		},
		{
			Name: "tls-disabled", Breaks: "a DestinationRule switches TLS off for the called Service", Check: "EW0702",
			steps: []step{apply("tls-disabled")},
		},
		{
			Name: "tls-simple", Breaks: "a DestinationRule asks for TLS without client certificates", Check: "EW0702",
			steps: []step{apply("tls-simple")},
		},
		{
			Name: "tls-port", Breaks: "a DestinationRule switches TLS off for one port", Check: "EW0702", Source: "istio: pilot/pkg/xds/endpoints/mtls_checker.go",
			steps: []step{apply("tls-port")},
		},
		{
			Name: "deny-all", Breaks: "an AuthorizationPolicy for the whole mesh allows nothing", Check: "EW0703", Source: "https://github.com/istio/istio/issues/35626",
			steps: []step{apply("deny-all")},
		},
		{
			Name: "deny-domain", Breaks: "an AuthorizationPolicy allows callers of another trust domain only", Check: "EW0703",
			steps: []step{apply("deny-domain")},
		},
		{
			Name: "deny-sleep", Breaks: "an AuthorizationPolicy denies the callers' service account", Check: "EW0703",
			steps: []step{apply("deny-sleep")},
		},
		{
			Name: "sidecar", Breaks: "a Sidecar hides the called Service from its callers", Check: "EW0706",
			steps: []step{apply("sidecar")},
		},
		{
			Name: "export", Breaks: "the called Service is exported to its own namespace only, and not to the gateway's", Check: "EW0707",
			steps: []step{patch(object{"v1", "Service", "sample", "helloworld"}, `{"metadata":{"annotations":{"networking.istio.io/exportTo":"."}}}`)},
		},
		{
			Name: "bypass-out", Breaks: "an annotation keeps calls out of the caller's sidecar", Check: "EW0709", Source: "https://github.com/cilium/cilium/issues/16583",
			steps: []step{patch(sleep.object(), `{"spec":{"template":{"metadata":{"annotations":{"traffic.sidecar.istio.io/excludeOutboundPorts":"5000"}}}}}`), rolledOut(sleep)},
		},
		{
			Name: "bypass-in", Breaks: "an annotation keeps calls out of the called pods' sidecars", Check: "EW0709",
			steps: []step{patchAll(deploymentsOfSample(), helloWorld, `{"spec":{"template":{"metadata":{"annotations":{"traffic.sidecar.istio.io/excludeInboundPorts":"5000"}}}}}`), settledSample()},
		},
		{
			Name: "selectors", Breaks: "the discoverySelectors leave out the workloads' namespace", Check: "EW0710",
			steps: []step{inMeshConfig(`$`, "\ndiscoverySelectors:\n- matchLabels: {mesh: member}\n- matchLabels: {kubernetes.io/metadata.name: istio-system}")},
		},
	}
}

func routingFaults() []Fault {
	return []Fault{
		{
			Name: "subsets", Breaks: "calls are routed to subsets that the other cluster does not define", Check: "EW0704", Source: "https://github.com/istio/istio/issues/40673",
			steps: []step{apply("subsets")},
		},
		{
			Name: "subset-missing", Breaks: "calls are routed to a subset that is defined nowhere", Check: "EW0705",
			steps: []step{apply("subset-missing")},
		},
	}
}

func trafficFaults() []Fault {
	return []Fault{
		{
			Name: "version-wrong", Breaks: "HelloWorld of the cluster calls itself v0", Check: "EW0801",
			steps: []step{patchAll(deploymentsOfSample(), helloWorld, `[{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"v0"}]`), settledSample()},
		},
		{
			Name: "abort", Breaks: "a VirtualService answers the calls with errors", Check: "EW0713",
			steps: []step{apply("abort")},
		},
		{
			Name: "delay", Breaks: "a VirtualService holds calls back", Check: "EW0713",
			steps: []step{apply("delay")},
		},
		{
			Name: "firewall", Breaks: "a firewall drops what callers of other networks send to the gateway", Check: "EW0804",
			steps: []step{rules("eastwest_lab_fault_gateway", "chain in { type filter hook prerouting priority -300; iifname eth0 tcp dport 15443 drop; };")},
		},
		{
			Name: "dns", Breaks: "the cluster's DNS does not answer", Check: "EW0805",
			steps: []step{freezing("coredns")},
		},
		{
			Name: "dns-wrong", Breaks: "the cluster's DNS answers the name of every Service with an address that nobody has", Check: "EW0808",
			steps: []step{misnaming()},
		},
		{
			Name: "deny-custom", Breaks: "an AuthorizationPolicy asks an authorizer that the mesh config does not have", Check: "EW0806",
			steps: []step{apply("deny-custom")},
		},
		{
			Name: "same-user", Breaks: "the calling program runs as user 1337, whose calls are taken for the proxy's own", Check: "EW0807",
			steps: []step{patch(sleep.object(), `{"spec":{"template":{"spec":{"securityContext":{"runAsUser":1337,"runAsGroup":1337}}}}}`), rolledOut(sleep)},
		},
	}
}
