package cases

// liveCase is a sound state of a mesh of two clusters that was reported as broken, or looks
// odd. What is broken "eastwest lab break" has. k1 and k2 are kubectl for cluster1 and
// cluster2, i1 and i2 istioctl.
type liveCase struct {
	name   string
	source string
	// make and undo are commands of bash.
	make, undo string
	// clusters is how many clusters the fleet has, the first ones; 0 means all of the lab.
	clusters int
	// revision is what the fleet declares; empty for nothing.
	revision string
}

// istiodAnew restarts the control planes: an istiod may keep an address that a gateway has
// lost, and may miss one that it got back (seen with 1.31).
const istiodAnew = `
for k in k1 k2; do
$k -n istio-system rollout restart deployment istiod
$k -n istio-system rollout status deployment istiod --timeout=60s
done`

const sleepIsBack = "k1 -n sample rollout status deployment/sleep --timeout=60s\n"

// subsets define versions as subsets and route to both, on one cluster.
const subsets = `subsets() { "$1" apply -f - <<E
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: helloworld, namespace: sample}
spec:
  host: helloworld.sample.svc.cluster.local
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: helloworld, namespace: sample}
spec:
  hosts: [helloworld.sample.svc.cluster.local]
  http:
  - route:
    - {destination: {host: helloworld.sample.svc.cluster.local, subset: v1}, weight: 50}
    - {destination: {host: helloworld.sample.svc.cluster.local, subset: v2}, weight: 50}
E
}
`

// noSubsets takes that back.
const noSubsets = "-n sample delete destinationrule,virtualservice helloworld --ignore-not-found\n"

func liveCases() []liveCase {
	return append(discoveryCases(), append(gatewayCases(), workloadCases()...)...)
}

func discoveryCases() []liveCase {
	return []liveCase{
		{
			name: "remote secrets are named after contexts", source: "https://github.com/GoogleCloudPlatform/anthos-service-mesh-packages/pull/1184",
			make: `rename() { # of one cluster, the secret for another
  "$1" -n istio-system get secret "istio-remote-secret-$2" -o jsonpath="{.data.$2}" | base64 -d > "$TMP/$2"
  "$1" -n istio-system delete secret "istio-remote-secret-$2"
  "$1" -n istio-system create secret generic "istio-remote-secret-admin-$2" --from-file="admin-$2=$TMP/$2"
  "$1" -n istio-system label secret "istio-remote-secret-admin-$2" istio/multiCluster=true
}
rename k1 cluster2
rename k2 cluster1`,
			undo: `rename() {
  "$1" -n istio-system delete secret "istio-remote-secret-admin-$2"
  "$1" -n istio-system create secret generic "istio-remote-secret-$2" --from-file="$2=$TMP/$2"
  "$1" -n istio-system label secret "istio-remote-secret-$2" istio/multiCluster=true
}
rename k1 cluster2
rename k2 cluster1`,
		},
		{
			name: "the fleet names a tag", source: "https://github.com/istio/istio/issues/50595",
			make:     "i1 tag set prod-stable --revision default\ni2 tag set prod-stable --revision default",
			undo:     "i1 tag remove prod-stable -y\ni2 tag remove prod-stable -y",
			revision: "prod-stable",
		},
		{
			name: "a service that runs in the other cluster only, found by DNS proxying", source: "https://github.com/istio/istio/issues/60612",
			make: `k1 -n sample scale deployment helloworld-v1 --replicas=0
k1 -n sample delete service helloworld
k1 -n sample patch deployment sleep -p '{"spec":{"template":{"metadata":{"annotations":{"proxy.istio.io/config":"proxyMetadata: {ISTIO_META_DNS_CAPTURE: \"true\"}"}}}}}'
` + sleepIsBack,
			undo: `k1 apply -f - <<E
apiVersion: v1
kind: Service
metadata: {name: helloworld, namespace: sample, labels: {app: helloworld, service: helloworld}}
spec: {selector: {app: helloworld}, ports: [{name: http, port: 5000}]}
E
k1 -n sample scale deployment helloworld-v1 --replicas=1
k1 -n sample patch deployment sleep --type=json -p '[{"op":"remove","path":"/spec/template/metadata/annotations/proxy.istio.io~1config"}]'
k1 -n sample rollout status deployment/helloworld-v1 --timeout=60s
` + sleepIsBack,
		},
	}
}

func gatewayCases() []liveCase {
	const balanced = `k2 -n istio-system patch service istio-eastwestgateway -p '{"spec":{"type":"LoadBalancer"}}'`
	return []liveCase{
		{
			name: "a gateway of type NodePort with node addresses", source: "https://github.com/istio/istio/issues/39930",
			make: `IP=$(k2 get node -o jsonpath='{.items[0].status.addresses[?(@.type=="InternalIP")].address}')
k2 create -f - <<E
{apiVersion: v1, kind: Node, metadata: {name: edge, labels: {ew: "true"}}, spec: {unschedulable: true}}
E
k2 patch node edge --subresource=status --type=merge -p "{\"status\":{\"addresses\":[{\"type\":\"ExternalIP\",\"address\":\"$IP\"}]}}"
k2 -n istio-system annotate service istio-eastwestgateway traffic.istio.io/nodeSelector='{"ew":"true"}'
k2 -n istio-system patch service istio-eastwestgateway -p '{"spec":{"type":"NodePort"}}'`,
			undo: balanced + "\nk2 -n istio-system annotate service istio-eastwestgateway traffic.istio.io/nodeSelector-\nk2 delete node edge" + istiodAnew,
		},
		{
			name: "a second Service on the gateway's pods", source: "https://github.com/istio/istio/issues/19263",
			make: `k2 -n istio-system apply -f - <<E
apiVersion: v1
kind: Service
metadata: {name: gw-metrics, labels: {istio: eastwestgateway}}
spec: {selector: {istio: eastwestgateway}, ports: [{name: metrics, port: 15020}]}
E`,
			undo: "k2 -n istio-system delete service gw-metrics",
		},
		{
			name: "another port between the networks", source: "https://github.com/istio/istio/pull/27049",
			make: `k2 -n istio-system get service istio-eastwestgateway -o jsonpath='{.spec.ports}' > "$TMP/ports"
k2 -n istio-system label service istio-eastwestgateway networking.istio.io/gatewayPort=443
k2 -n istio-system patch service istio-eastwestgateway --type=json -p '[{"op":"replace","path":"/spec/ports","value":[{"name":"tls","port":443,"targetPort":15443}]}]'`,
			undo: `k2 -n istio-system patch service istio-eastwestgateway --type=json -p '[{"op":"replace","path":"/spec/ports","value":'"$(cat "$TMP/ports")"'}]'
k2 -n istio-system label service istio-eastwestgateway networking.istio.io/gatewayPort-`,
		},
	}
}

func workloadCases() []liveCase {
	return []liveCase{
		{
			name: "subsets in both clusters", source: "https://github.com/istio/istio/issues/40673",
			make: subsets + "subsets k1\nsubsets k2", undo: "k1 " + noSubsets + "k2 " + noSubsets,
		},
		{
			name: "a DestinationRule and a PeerAuthentication that do not apply", source: "https://github.com/istio/istio/issues/14817",
			make: `k1 create namespace team-x
k1 apply -f - <<E
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: legacy, namespace: team-x}
spec: {host: "*.svc.cluster.local", exportTo: ["."], trafficPolicy: {tls: {mode: DISABLE}}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: DISABLE}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: sample}
spec: {mtls: {mode: PERMISSIVE}}
E`,
			undo: "k1 delete namespace team-x\nk1 -n istio-system delete peerauthentication default\nk1 -n sample delete peerauthentication default",
		},
		{
			name: "all denied in both clusters, allowed in both", source: "https://github.com/istio/istio/pull/26626",
			make: denyAll + "deny k1\ndeny k2\nallow k1\nallow k2",
			undo: "for k in k1 k2; do\n$k -n istio-system delete authorizationpolicy deny\n$k -n sample delete authorizationpolicy allow-sleep\ndone",
		},
	}
}

const denyAll = `deny() { "$1" apply -f - <<E
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny, namespace: istio-system}
spec: {}
E
}
allow() { "$1" apply -f - <<E
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: allow-sleep, namespace: sample}
spec: {rules: [{from: [{source: {principals: ["cluster.local/ns/sample/sa/sleep"]}}]}]}
E
}
`
