package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

const nodePortGateway = `apiVersion: v1
kind: Service
metadata:
  name: nodes
  namespace: istio-system
  labels: {topology.istio.io/network: network1, networking.istio.io/gatewayPort: "443"}
  annotations: {traffic.istio.io/nodeSelector: '{"edge":"yes"}'}
spec: {type: NodePort, ports: [{name: tls, port: 443, nodePort: 31443}]}
---
apiVersion: v1
kind: Node
metadata: {name: a, labels: {edge: "yes"}}
status: {addresses: [{type: InternalIP, address: 10.0.0.1}, {type: ExternalIP, address: 198.51.100.1}, {type: ExternalIP, address: 198.51.100.9}]}
---
apiVersion: v1
kind: Node
metadata: {name: b}
status: {addresses: [{type: ExternalIP, address: 198.51.100.2}]}`

func TestNodePortGateway(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].add(t, nodePortGateway)
	services := value(t, mesh.take(t, "sample").Clusters[0].Gateways).Services
	want := GatewayService{
		Namespace: "istio-system", Name: "nodes", Type: "NodePort", Network: "network1", Port: 443,
		Ports: []ServicePort{{Name: "tls", Port: 443, NodePort: 31443, TargetPort: 443}}, NodeSelector: `{"edge":"yes"}`, Nodes: []string{"198.51.100.1"},
	}
	if diff := cmp.Diff(want, services[len(services)-1]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	mesh.servers[0].forbidden = forbid("nodes")
	if got := why(t, mesh.take(t, "sample").Clusters[0].Gateways); got.Right != "list nodes" {
		t.Errorf("want the gateway's addresses unknown, got %s", got)
	}
}

// A selector that cannot be read selects all nodes, as for istiod.
func TestNodeAddresses(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].add(t, nodePortGateway)
	for _, object := range mesh.servers[0].objects {
		if metadataOf(object)["name"] == "nodes" {
			metadataOf(object)["annotations"] = map[string]any{"traffic.istio.io/nodeSelector": ""}
		}
	}
	services := value(t, mesh.take(t, "sample").Clusters[0].Gateways).Services
	if diff := cmp.Diff([]string{"198.51.100.1", "198.51.100.2"}, services[len(services)-1].Nodes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Without an address the events tell why, the newest last and each once.
func TestGatewayWarnings(t *testing.T) {
	mesh := newMesh(t)
	mesh.servers[0].add(t, `apiVersion: v1
kind: Service
metadata: {name: pending, namespace: istio-system, labels: {topology.istio.io/network: network1}}
spec: {type: LoadBalancer, ports: [{port: 15443}], selector: {app: none}}
---
apiVersion: v1
kind: Event
metadata: {name: e1, namespace: istio-system}
reason: SyncFailed
message: quota exceeded
lastTimestamp: "2026-11-28T10:00:00Z"
---
apiVersion: v1
kind: Event
metadata: {name: e2, namespace: istio-system}
reason: SyncFailed
message: no subnet
eventTime: "2026-11-28T09:00:00.000000Z"
---
apiVersion: v1
kind: Event
metadata: {name: e3, namespace: istio-system}
reason: SyncFailed
message: quota exceeded
lastTimestamp: "2026-11-28T08:00:00Z"`)
	services := value(t, mesh.take(t, "sample").Clusters[0].Gateways).Services
	if diff := cmp.Diff([]string{"SyncFailed: no subnet", "SyncFailed: quota exceeded"}, services[len(services)-1].Warnings); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Without pods the Deployment or DaemonSet that is to make them is looked for.
func TestGatewayDeployed(t *testing.T) {
	tests := map[string]struct {
		manifest string
		want     bool
	}{
		"none":                          {"", false},
		"a Deployment of the Service's": {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gw, namespace: istio-ingress}\nspec: {template: {metadata: {labels: {app: gw}}}}", true},
		"a DaemonSet by the guide":      {"apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: gw, namespace: istio-system}\nspec: {template: {metadata: {labels: {istio: eastwestgateway}}}}", true},
		"another one":                   {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gw, namespace: istio-ingress}\nspec: {template: {metadata: {labels: {app: other}}}}", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			mesh := newMesh(t)
			mesh.servers[0].remove("Pod/gw-1")
			if test.manifest != "" {
				mesh.servers[0].add(t, test.manifest)
			}
			if got := value(t, mesh.take(t, "sample").Clusters[0].Gateways).Deployed; got != test.want {
				t.Errorf("want %v, got %v", test.want, got)
			}
		})
	}
}

func TestHostNames(t *testing.T) {
	got := GatewayService{Addresses: []string{"172.30.1.1", "lb.example.com", "fd00::1"}}.HostNames()
	if diff := cmp.Diff([]string{"lb.example.com"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAddressesOf(t *testing.T) {
	tests := []struct {
		name    string
		service corev1.Service
		want    []string
	}{
		{name: "pending", service: corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}}},
		{
			name: "addresses and host names",
			service: corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer}, Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{
				Ingress: []corev1.LoadBalancerIngress{{Hostname: "lb.example.org"}, {IP: "192.0.2.1"}},
			}}},
			want: []string{"lb.example.org", "192.0.2.1"},
		},
		{
			name:    "external IPs where there is no load balancer",
			service: corev1.Service{Spec: corev1.ServiceSpec{ExternalIPs: []string{"192.0.2.7"}}},
			want:    []string{"192.0.2.7"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, AddressesOf(&test.service)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
