package fleets

// upgradeFault is something that speaks against an upgrade, made on cluster2 by hand.
type upgradeFault struct {
	name string
	// make and mend are lines of shell.
	make, mend []string
	// check finds it, with words of what it says.
	check, found string
	// versions is true for a fault that needs two versions of Istio: from 1.29.1 on.
	versions bool
}

const (
	system  = "kubectl --namespace=istio-system "
	restart = system + "rollout status deployment/istiod-canary --timeout=2m >/dev/null"
)

func upgradeFaults() []upgradeFault {
	return []upgradeFault{
		{
			name: "the mesh configuration of the new revision is gone", check: "EW0912", found: "has no ConfigMap istio-system/istio-canary",
			make: []string{system + "get configmap istio-canary -o yaml > $TMPDIR/ew-mesh.yaml", system + "delete configmap istio-canary"},
			mend: []string{"grep -v -e uid: -e resourceVersion: $TMPDIR/ew-mesh.yaml | " + system + "apply -f -", "kubectl --context=cluster1 --namespace=istio-system rollout restart deployment/istiod-canary; kubectl --context=cluster1 --namespace=istio-system rollout status deployment/istiod-canary"},
		},
		{
			name: "another trust domain", check: "EW0907", found: "trust domain other, not lab.example",
			make: []string{system + "get configmap istio-canary -o yaml | sed 's/trustDomain: lab.example/trustDomain: other/' | " + system + "replace -f -"},
			mend: []string{system + "get configmap istio-canary -o yaml | sed 's/trustDomain: other/trustDomain: lab.example/' | " + system + "replace -f -"},
		},
		{
			name: "another network", check: "EW0907", found: "network wrong, not network2",
			make: []string{system + `get configmap istio-sidecar-injector-canary -o yaml | sed 's/"network": "network2"/"network": "wrong"/' | ` + system + "replace -f -"},
			mend: []string{system + `get configmap istio-sidecar-injector-canary -o yaml | sed 's/"network": "wrong"/"network": "network2"/' | ` + system + "replace -f -"},
		},
		{
			name: "another cluster's name", check: "EW0907", found: "CLUSTER_ID cluster1, not cluster2",
			make: []string{system + "set env deployment/istiod-canary CLUSTER_ID=cluster1", restart},
			mend: []string{system + "set env deployment/istiod-canary CLUSTER_ID=cluster2", restart},
		},
		{
			name: "another CA", check: "EW0907", found: "Secret of the CA cacerts-other, not cacerts",
			make: []string{system + `patch deployment istiod-canary --patch='{"spec":{"template":{"spec":{"volumes":[{"name":"cacerts","secret":{"secretName":"cacerts-other","optional":true}}]}}}}'`, restart},
			mend: []string{system + `patch deployment istiod-canary --patch='{"spec":{"template":{"spec":{"volumes":[{"name":"cacerts","secret":{"secretName":"cacerts","optional":true}}]}}}}'`, restart},
		},
		{
			name: "a CA without its root", check: "EW0904", found: "lacks root-cert.pem",
			make: []string{system + "get secret cacerts -o yaml > $TMPDIR/ew-ca.yaml", system + `patch secret cacerts --type=json --patch='[{"op":"remove","path":"/data/root-cert.pem"}]'`},
			mend: []string{system + "replace -f $TMPDIR/ew-ca.yaml --force"},
		},
		{
			name: "a flag that is not repeated", check: "EW0908", found: "PILOT_DEBOUNCE_AFTER",
			make: []string{system + "set env deployment/istiod PILOT_DEBOUNCE_AFTER=200ms", system + "rollout status deployment/istiod --timeout=2m"},
			mend: []string{system + "set env deployment/istiod PILOT_DEBOUNCE_AFTER-", system + "rollout status deployment/istiod --timeout=2m"},
		},
		{
			name: "a new istiod that does not start", check: "EW0909", found: "is not Ready",
			make: []string{system + `patch deployment istiod-canary --type=json --patch='[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"nowhere.example/pilot:1"},{"op":"replace","path":"/spec/strategy","value":{"type":"Recreate"}}]'`, "for i in $(seq 60); do " + system + "get pods --selector=app=istiod,istio.io/rev=canary --output=jsonpath='{.items[*].status.containerStatuses[*].state.waiting.reason}' | grep -q Image && exit 0; sleep 1; done; exit 1"},
			mend: []string{system + "rollout undo deployment/istiod-canary", restart},
		},
		{
			name: "the new control plane is gone from one cluster", check: "EW0910", found: "cluster2 has no istiod of revision canary",
			make: []string{system + "scale deployment/istiod-canary --replicas=0", system + "wait pod --selector=app=istiod,istio.io/rev=canary --for=delete --timeout=60s"},
			mend: []string{system + "scale deployment/istiod-canary --replicas=1", restart},
		},
		{
			name: "routes with the label of the old revision", check: "EW0913", found: "VirtualService sample/kept",
			make: []string{`echo '{"apiVersion":"networking.istio.io/v1","kind":"VirtualService","metadata":{"name":"kept","namespace":"sample","labels":{"istio.io/rev":"default"}},"spec":{"hosts":["kept.example"],"http":[{"route":[{"destination":{"host":"helloworld"}}]}]}}' | kubectl apply -f -`},
			mend: []string{"kubectl --namespace=sample delete virtualservice kept"},
		},
		{
			name: "a policy with the label of the old revision", check: "EW0913", found: "PeerAuthentication sample/kept",
			make: []string{`echo '{"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"kept","namespace":"sample","labels":{"istio.io/rev":"default"}},"spec":{"mtls":{"mode":"STRICT"}}}' | kubectl apply -f -`},
			mend: []string{"kubectl --namespace=sample delete peerauthentication kept"},
		},
		{
			name: "the servers of gateways with the label of the old revision", check: "EW0920", found: "Gateway istio-system/cross-network-gateway",
			make: []string{system + "label gateways.networking.istio.io cross-network-gateway istio.io/rev=default"},
			mend: []string{system + "label gateways.networking.istio.io cross-network-gateway istio.io/rev-"},
		},
		{
			name: "two webhooks for one namespace", check: "EW0914", found: "2 injection webhooks select namespace sample, now",
			make: []string{"kubectl get mutatingwebhookconfiguration istio-sidecar-injector -o yaml | sed 's/^  name: istio-sidecar-injector$/  name: left-over/' | grep -v -e uid: -e resourceVersion: | kubectl create -f -"},
			mend: []string{"kubectl delete mutatingwebhookconfiguration left-over"},
		},
		{
			name: "a validating webhook that leads nowhere", check: "EW0906", found: "istio-system/istiod-gone, which is not there",
			make: []string{`echo '{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"istiod-default-validator"},"webhooks":[{"name":"validation.istio.io","admissionReviewVersions":["v1"],"sideEffects":"None","failurePolicy":"Fail","clientConfig":{"service":{"name":"istiod-gone","namespace":"istio-system","path":"/validate"}},"rules":[{"apiGroups":["gone.example"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["things"]}]}]}' | kubectl apply -f -`},
			mend: []string{"kubectl delete validatingwebhookconfiguration istiod-default-validator"},
		},
		{
			name: "a Gateway API that the new release does not read", check: "EW0903", found: "tlsroutes.gateway.networking.k8s.io is of bundle v1.4.1", versions: true,
			make: []string{
				`echo '{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"tlsroutes.gateway.networking.k8s.io","annotations":{"api-approved.kubernetes.io":"unapproved, a test","gateway.networking.k8s.io/bundle-version":"v1.4.1"}},"spec":{"group":"gateway.networking.k8s.io","scope":"Namespaced","names":{"kind":"TLSRoute","plural":"tlsroutes"},"versions":[{"name":"v1alpha2","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}' | kubectl apply -f -`,
				"kubectl wait crd/tlsroutes.gateway.networking.k8s.io --for=condition=Established",
				`echo '{"apiVersion":"gateway.networking.k8s.io/v1alpha2","kind":"TLSRoute","metadata":{"name":"pass","namespace":"sample"},"spec":{}}' | kubectl apply -f -`,
			},
			mend: []string{"kubectl delete crd tlsroutes.gateway.networking.k8s.io"},
		},
		{
			name: "an EnvoyFilter for proxies of the old version", check: "EW0916", found: "EnvoyFilter sample/old-only has patches for proxies of version", versions: true,
			make: []string{`echo '{"apiVersion":"networking.istio.io/v1alpha3","kind":"EnvoyFilter","metadata":{"name":"old-only","namespace":"sample"},"spec":{"configPatches":[{"applyTo":"CLUSTER","match":{"context":"SIDECAR_OUTBOUND","proxy":{"proxyVersion":"^1\\.29.*"}},"patch":{"operation":"MERGE","value":{"connect_timeout":"7s"}}}]}}' | kubectl apply -f -`},
			mend: []string{"kubectl --namespace=sample delete envoyfilter old-only"},
		},
		{
			name: "outlier detection, of which a default changes", check: "EW0918", found: "PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS", versions: true,
			make: []string{`echo '{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"outliers","namespace":"sample"},"spec":{"host":"elsewhere.example","trafficPolicy":{"outlierDetection":{"consecutive5xxErrors":5}}}}' | kubectl apply -f -`},
			mend: []string{"kubectl --namespace=sample delete destinationrule outliers"},
		},
		{
			name: "a flag that the new release does not read", check: "EW0908", found: "PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY=false is set, and Istio 1.31", versions: true,
			make: []string{system + "set env deployment/istiod PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY=false", system + "rollout status deployment/istiod --timeout=2m"},
			mend: []string{system + "set env deployment/istiod PILOT_SPAWN_UPSTREAM_SPAN_FOR_GATEWAY-", system + "rollout status deployment/istiod --timeout=2m"},
		},
		{
			name: "a proxy that was never restarted", check: "EW0941", found: "sample/straggler (1.27.3)",
			make: []string{`echo '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"straggler","namespace":"sample","labels":{"sidecar.istio.io/inject":"false"}},"spec":{"containers":[{"name":"istio-proxy","image":"istio/proxyv2:1.27.3","args":["proxy","sidecar"]}]}}' | kubectl apply -f -`},
			mend: []string{"kubectl --namespace=sample delete pod straggler --force --grace-period=0"},
		},
	}
}
