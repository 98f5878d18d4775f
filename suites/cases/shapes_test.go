package cases

import "slices"

// shape is a lab, by the arguments of "lab up", and the sound states that its mesh is put into.
type shape struct {
	name   string
	up     []string
	states []liveCase
}

// plain is the mesh as it is made.
func plain() liveCase { return liveCase{name: "as it is made"} }

func shapes() []shape {
	return []shape{
		{"two clusters", []string{"--mesh"}, slices.Concat([]liveCase{plain()}, liveCases(), odd(), []liveCase{moved()})},
		{"three clusters", []string{"--mesh", "--clusters", "3"}, []liveCase{plain(), canary()}},
		{"four clusters", []string{"--mesh", "--clusters", "4"}, []liveCase{
			plain(),
			{name: "a fleet of two of them", clusters: 2},
		}},
		{"gateways with host names", []string{"--mesh", "--balancers", "aws"}, []liveCase{plain()}},
		{"clusters on one network", []string{"--mesh", "--network", "cluster2=network1"}, []liveCase{plain()}},
		{"a cluster served by another one's control plane", []string{"--mesh", "--primary", "cluster2=cluster1"}, []liveCase{plain()}},
		{"three clusters, on two networks and with two control planes", []string{"--mesh", "--clusters", "3", "--network", "cluster2=network1", "--primary", "cluster3=cluster1"}, []liveCase{plain()}},
		{"Istio's CNI", []string{"--mesh", "--istio-cni"}, []liveCase{plain()}},
	}
}

func canary() liveCase {
	return liveCase{
		name: "a canary istiod beside the stable one",
		make: "eastwest lab istiod add --cluster cluster1 --revision canary",
		undo: "eastwest lab istiod remove --cluster cluster1 --revision canary",
	}
}

// odd are states that a sound mesh can be in, beside those that people have reported.
func odd() []liveCase {
	return []liveCase{
		canary(),
		{
			name: "a retired istiod that nobody uses",
			make: "eastwest lab istiod add --cluster cluster1 --revision canary\nk1 -n istio-system scale deployment istiod-canary --replicas=0",
			undo: "eastwest lab istiod remove --cluster cluster1 --revision canary",
		},
		{
			name: "STRICT everywhere",
			make: `for k in k1 k2; do $k apply -f - <<E
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
E
done`,
			undo: "for k in k1 k2; do $k -n istio-system delete peerauthentication default; done",
		},
		{
			name: "calls stay in their region on purpose",
			make: `for n in 1 2; do
k$n label node --all topology.kubernetes.io/region=region$n --overwrite
k$n apply -f - <<E
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: helloworld, namespace: sample}
spec:
  host: helloworld.sample.svc.cluster.local
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 3, interval: 10s, baseEjectionTime: 30s}
    loadBalancer: {localityLbSetting: {enabled: true}}
E
done` + sampleAnew,
			undo: `for k in k1 k2; do
$k label node --all topology.kubernetes.io/region-
$k -n sample delete destinationrule helloworld
done` + sampleAnew,
		},
		{
			name: "one service alone is exposed",
			make: exposing("helloworld.sample.svc.cluster.local"),
			undo: exposing("*.local"),
		},
		{
			name: "an external IP that leads to the gateway, beside the balancer's",
			make: `IP=$(k2 get node -o jsonpath='{.items[0].status.addresses[?(@.type=="InternalIP")].address}')
k2 -n istio-system patch service istio-eastwestgateway -p "{\"spec\":{\"externalIPs\":[\"$IP\"]}}"`,
			undo: `k2 -n istio-system patch service istio-eastwestgateway --type=json -p '[{"op":"remove","path":"/spec/externalIPs"}]'`,
		},
	}
}

// exposing lets the gateways serve the hosts of one pattern.
func exposing(hosts string) string {
	return `for k in k1 k2; do
$k -n istio-system patch gateway cross-network-gateway --type=json -p '[{"op":"replace","path":"/spec/servers/0/hosts","value":["` + hosts + `"]}]'
done`
}

// sampleAnew starts the sample's pods again: a proxy learns its locality when it starts.
const sampleAnew = `
for n in 1 2; do
k$n -n sample rollout restart deployment
for d in sleep helloworld-v$n; do k$n -n sample rollout status deployment/$d --timeout=90s; done
done`

// moved puts the gateways into a namespace of their own, with another name and other labels,
// as Istio's Helm chart "gateway" makes them. Nothing takes it back: it is a mesh's last state.
func moved() liveCase {
	return liveCase{
		name: "gateways in another namespace, with other labels, as Helm makes them",
		make: `for n in 1 2; do
k$n create namespace crossing
k$n -n crossing apply -f - <<E
apiVersion: v1
kind: ServiceAccount
metadata: {name: crossing}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: crossing}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get, watch, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: crossing}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: crossing}
subjects: [{kind: ServiceAccount, name: crossing}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: crossing, labels: {app.kubernetes.io/managed-by: Helm}}
spec:
  selector: {matchLabels: {app: crossing, istio: crossing}}
  template:
    metadata:
      labels: {app: crossing, istio: crossing, sidecar.istio.io/inject: "true", topology.istio.io/network: network$n}
      annotations: {inject.istio.io/templates: gateway}
    spec:
      serviceAccountName: crossing
      containers:
      - name: istio-proxy
        image: auto
        env: [{name: ISTIO_META_REQUESTED_NETWORK_VIEW, value: network$n}]
---
apiVersion: v1
kind: Service
metadata: {name: crossing, labels: {app: crossing, istio: crossing, topology.istio.io/network: network$n}}
spec:
  type: LoadBalancer
  selector: {app: crossing, istio: crossing}
  ports: [{name: status-port, port: 15021}, {name: tls, port: 15443}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: crossing}
spec:
  selector: {istio: crossing}
  servers: [{port: {number: 15443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ["*.local"]}]
E
k$n -n crossing rollout status deployment/crossing --timeout=90s
k$n -n istio-system delete gateway cross-network-gateway
k$n -n istio-system delete service,deployment istio-eastwestgateway
done` + istiodAnew,
	}
}
