package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func TestPrimaries(t *testing.T) {
	unread := NotRead[[]Istiod](Unknown{Reason: Forbidden})
	tests := map[string]struct {
		annotation string
		beyond     []string
		istiods    Section[[]Istiod]
		want       []string
	}{
		"its own":                        {istiods: Read([]Istiod{{}}), annotation: "cluster1", want: []string{"cluster2"}},
		"none":                           {istiods: Read[[]Istiod](nil)},
		"by name":                        {istiods: Read[[]Istiod](nil), annotation: "cluster1", want: []string{"cluster1"}},
		"by what istiod calls it":        {istiods: Read[[]Istiod](nil), annotation: "cluster8,one", want: []string{"cluster1"}},
		"of no cluster of the fleet":     {istiods: Read[[]Istiod](nil), annotation: "cluster9", beyond: []string{"10.9.9.9"}},
		"any, by the gateway's address":  {istiods: Read[[]Istiod](nil), annotation: "*", beyond: []string{"172.30.101.1"}, want: []string{"cluster1"}},
		"by istiod's own address":        {istiods: Read[[]Istiod](nil), beyond: []string{"10.1.0.2"}, want: []string{"cluster1"}},
		"istiods unknown, and led away":  {istiods: unread, beyond: []string{"172.30.101.1"}, want: []string{"cluster1"}},
		"istiods unknown, by annotation": {istiods: unread, annotation: "cluster1", want: []string{"cluster1"}},
		"istiods unknown":                {istiods: unread, want: []string{"cluster2"}},
		"istiods unknown, named itself":  {istiods: unread, annotation: "cluster2", want: []string{"cluster2"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &Snapshot{Clusters: []Cluster{
				{
					Name:     "cluster1",
					Istiods:  Read([]Istiod{{Pod: Pod{IP: "10.1.0.2", Env: map[string]string{names.EnvClusterID: "one"}}}}),
					Gateways: Read(Gateways{Services: []GatewayService{{Type: "LoadBalancer", Addresses: []string{"172.30.101.1"}}}}),
				},
				{
					Name: "cluster2", Istiods: test.istiods, System: Read(Namespace{Found: true, ControlPlanes: test.annotation}),
					Webhooks: Read([]Webhook{{Beyond: Read(test.beyond)}}),
				},
			}}
			var got []string
			for _, c := range s.Primaries(&s.Clusters[1]) {
				got = append(got, c.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWebhookInjects(t *testing.T) {
	for path, want := range map[string][2]string{
		"":                                      {"", ""},
		"/inject":                               {"", ""},
		"/inject/cluster/cluster2/net/network2": {"cluster2", "network2"},
		"/inject/net/n/cluster/c/":              {"c", "n"},
		"/inject/cluster":                       {"", ""},
		"/elsewhere/cluster/c":                  {"", ""},
	} {
		cluster, network := Webhook{Path: path}.Injects()
		if got := [2]string{cluster, network}; got != want {
			t.Errorf("%q: want %v, got %v", path, want, got)
		}
	}
}

// remoteWebhooks are those of clusters without istiod: by a Service whose EndpointSlice
// somebody wrote, by a name, by a URL, and a Service of the cluster's own pods.
const remoteWebhooks = `
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, uid: uid-2}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector, labels: {istio.io/rev: default}}
webhooks:
- {name: a, clientConfig: {service: {namespace: istio-system, name: istiod, path: /inject/cluster/c/net/n}}}
- {name: b, clientConfig: {service: {namespace: istio-system, name: istiod-named}}}
- {name: c, clientConfig: {url: "https://lb.example:15017/inject/cluster/c"}}
- {name: d, clientConfig: {service: {namespace: istio-system, name: istiod-own, path: /inject}}}
---
apiVersion: v1
kind: Service
metadata: {name: istiod, namespace: istio-system}
spec: {type: ClusterIP}
---
apiVersion: v1
kind: Service
metadata: {name: istiod-named, namespace: istio-system}
spec: {type: ExternalName, externalName: istiod.example}
---
apiVersion: v1
kind: Service
metadata: {name: istiod-own, namespace: istio-system}
spec: {type: ClusterIP, selector: {app: istiod}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: istiod, namespace: istio-system, labels: {kubernetes.io/service-name: istiod}}
addressType: IPv4
endpoints: [{addresses: [172.30.101.1]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: other, namespace: istio-system, labels: {kubernetes.io/service-name: other}}
addressType: IPv4
endpoints: [{addresses: [172.30.101.9]}]
`

func TestWebhooksLeadBeyondTheCluster(t *testing.T) {
	server := newAPIServer(t, "cluster2", remoteWebhooks)
	s := Take(t.Context(), []*fleet.Cluster{server.member(t, "network2")}, Options{})
	webhooks, why := s.Clusters[0].Webhooks.Get()
	if why != nil {
		t.Fatal(why)
	}
	type read struct {
		Path   string
		Beyond []string
	}
	var got []read
	for _, webhook := range webhooks {
		beyond, why := webhook.Beyond.Get()
		if why != nil {
			t.Error(why)
		}
		got = append(got, read{webhook.Path, beyond})
	}
	want := []read{
		{"/inject/cluster/c/net/n", []string{"172.30.101.1"}},
		{"", []string{"istiod.example"}},
		{"/inject/cluster/c", []string{"lb.example"}},
		{"/inject", nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	server.forbidden = func(_, resource, _ string) bool { return resource == "endpointslices" }
	s = Take(t.Context(), []*fleet.Cluster{server.member(t, "network2")}, Options{})
	webhooks, why = s.Clusters[0].Webhooks.Get()
	if why != nil {
		t.Fatal("want the webhooks all the same", why)
	}
	if _, why := webhooks[0].Beyond.Get(); why == nil || why.Reason != Forbidden {
		t.Errorf("want the missing right reported, got %v", why)
	}
}
