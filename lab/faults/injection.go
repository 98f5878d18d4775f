package faults

func namespaceObject(name string) object { return object{"v1", "Namespace", "", name} }

func injectorWebhook() object {
	return object{"admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "", "istio-sidecar-injector"}
}

func injectionFaults() []Fault {
	sample := namespaceObject("sample")
	return []Fault{
		{
			Name: "webhook", Breaks: "the injection webhook is deleted, and Sleep restarted", Check: "EW0301",
			steps: []step{remove(injectorWebhook()), restart(sleep)},
		},
		{
			Name: "injection-off", Breaks: "the namespace of the workloads is labelled istio-injection=disabled, and Sleep restarted", Check: "EW0302",
			steps: []step{patch(sample, `{"metadata":{"labels":{"istio.io/rev":null,"istio-injection":"disabled"}}}`), restart(sleep)},
		},
		{
			Name: "injection-late", Breaks: "Sleep was made before its namespace was labelled", Check: "EW0303",
			steps: []step{
				patch(sample, `{"metadata":{"labels":{"istio.io/rev":null}}}`), restart(sleep),
				patch(sample, `{"metadata":{"labels":{"istio.io/rev":"default"}}}`),
			},
		},
		{
			Name: "gateway-injection", Breaks: "the gateway's pod was made without injection: its image is \"auto\"", Check: "EW0304",
			steps: []step{patch(theGateway.object(), `{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null},"template":{"metadata":{"labels":{"sidecar.istio.io/inject":"false"}}}}}`)},
		},
		{
			Name: "proxy-image", Breaks: "the image of Sleep's proxy cannot be pulled", Check: "EW0305", Source: "https://github.com/istio/istio/issues/13397",
			steps: []step{patch(sleep.object(), `{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null},"template":{"metadata":{"annotations":{"sidecar.istio.io/proxyImage":"registry.example/none/proxyv2:1"}}}}}`)},
		},
		{
			Name: "pod-security", Breaks: "Pod Security refuses the init container that captures traffic", Check: "EW0306", Source: "https://github.com/istio/istio/issues/54968",
			steps: []step{patch(sample, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}`), respawnSleep()},
		},
		{
			Name: "quota", Breaks: "a ResourceQuota has no room for Sleep's pod", Check: "EW0306",
			steps: []step{apply("quota"), respawnSleep()},
		},
		{
			Name: "injector-refuses", Breaks: "the injection webhook calls a port on which istiod does not listen, and Sleep is gone", Check: "EW0306",
			steps: []step{patch(injectorWebhook(), `[{"op":"replace","path":"/webhooks/0/clientConfig/service/port","value":15999}]`), respawnSleep()},
		},
		{
			Name: "no-node", Breaks: "no node has the label that Sleep selects", Check: "EW0307",
			steps: []step{patch(sleep.object(), `{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null},"template":{"spec":{"nodeSelector":{"disk":"ssd"}}}}}`)},
		},
		{
			Name: "proxy-lost", Breaks: "Sleep's proxy asks an istiod that is not there", Check: "EW0308",
			steps: []step{patch(sleep.object(), `{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null},"template":{"metadata":{"annotations":{"proxy.istio.io/config":"discoveryAddress: istiod-old.istio-system.svc:15012"}}}}}`)},
		},
		{
			Name: "telemetry", Breaks: "the proxies reject their configuration: a Telemetry asks for a filter that only Istio's own Envoy has", Check: "EW0309",
			steps: []step{apply("telemetry")},
		},
		{
			Name: "webhook-left", Breaks: "the webhook of a revision that was removed still selects the workloads, and Sleep is gone", Check: "EW0310", Source: "https://github.com/istio/istio/issues/47151",
			steps: []step{apply("webhook-left"), respawnSleep()},
		},
		{
			Name: "webhooks-two", Breaks: "the webhooks of two revisions select the workloads", Check: "EW0311",
			steps: []step{apply("webhooks-two")},
		},
		{
			Name: "crash", Breaks: "Sleep's program ends as soon as it starts", Check: "EW0312",
			steps: []step{patch(sleep.object(), `[{"op":"add","path":"/spec/strategy","value":{"type":"Recreate"}},{"op":"replace","path":"/spec/template/spec/containers/0/command","value":["/bin/false"]}]`)},
		},
	}
}
