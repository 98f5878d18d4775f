package istio

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// decoded is one of Istio's, from JSON.
func decoded[T any](t *testing.T, document string) T {
	t.Helper()
	var one T
	if err := json.Unmarshal([]byte(document), &one); err != nil {
		t.Fatal(err)
	}
	return one
}

// What is new or gone is one line of kind, name and meaning, and never JSON.
func TestDiffTellsObjects(t *testing.T) {
	end := time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		add  func(*Cluster)
		want []string
	}{
		{func(c *Cluster) {
			c.Istiods = Read([]Istiod{{Pod: Pod{Namespace: names.System, Name: "istiod-canary-5d-x", Trouble: &Trouble{Reason: "ImagePullBackOff"}}, Revision: "canary"}})
		}, []string{"istiod istio-system/istiod-canary: new: revision canary, version unknown, not Ready: ImagePullBackOff"}},
		{func(c *Cluster) {
			c.Webhooks = Read([]Webhook{{Configuration: "istio-revision-tag-prod", Name: "n", Revision: "asm-2", Tag: "prod", Service: "istio-system/istiod-asm-2"}})
		}, []string{"injection webhook istio-revision-tag-prod n: new: injects for revision asm-2, to which the tag prod leads, and its Service istio-system/istiod-asm-2 is not there"}},
		{func(c *Cluster) { c.Roots = Read([]Certificate{{Fingerprint: "ab12", NotAfter: end}}) }, []string{"root certificate that istiod publishes ab12: new: valid until 2027-01-02"}},
		{func(c *Cluster) {
			c.Gateways = Read(Gateways{Services: []GatewayService{{
				Namespace: "gw", Name: "ew", Type: "LoadBalancer", Network: "n1", Port: names.CrossPort, Ports: []ServicePort{{Port: names.CrossPort}}, Addresses: []string{"192.0.2.1"},
			}}})
		}, []string{"gateway's Service gw/ew: new: into network n1, entered at 192.0.2.1:15443"}},
		{func(c *Cluster) {
			c.RemoteSecrets = Read([]RemoteSecret{{Namespace: names.System, Name: "s", Entries: []RemoteEntry{{ID: "b", Server: "https://b", UID: Read("u2")}, {ID: "c", Broken: "it is not a kubeconfig"}}}})
		}, []string{"remote secret istio-system/s: new: for b (at https://b, where cluster u2 answers), c (it is not a kubeconfig); without the label by which istiod would read it"}},
		{func(c *Cluster) {
			c.PeerAuthentications = Read([]PeerAuthentication{decoded[PeerAuthentication](t, `{"namespace":"sample","name":"default","spec":{"mtls":{"mode":"STRICT"},"portLevelMtls":{"80":{"mode":"DISABLE"}}}}`)})
		}, []string{"PeerAuthentication sample/default: new: mutual TLS STRICT, DISABLE on port 80 for all pods"}},
		{func(c *Cluster) {
			c.AuthorizationPolicies = Read([]AuthorizationPolicy{decoded[AuthorizationPolicy](t, `{"namespace":"sample","name":"none","spec":{}}`), decoded[AuthorizationPolicy](t, `{"namespace":"sample","name":"some","dryRun":true,"spec":{"action":"DENY","selector":{"matchLabels":{"app":"x"}},"rules":[{}]}}`)})
		}, []string{
			"AuthorizationPolicy sample/none: new: ALLOW without rules, which denies all calls, to all pods",
			"AuthorizationPolicy sample/some: new: DENY by 1 rule to pods with app=x; a dry run, which changes nothing",
		}},
		{func(c *Cluster) {
			c.DestinationRules = Read([]DestinationRule{decoded[DestinationRule](t, `{"namespace":"sample","name":"d","spec":{"host":"hello","trafficPolicy":{"tls":{"mode":"DISABLE"},"outlierDetection":{}},"subsets":[{"name":"v1","labels":{"version":"v1"}}]}}`)})
		}, []string{"DestinationRule sample/d: new: calls of hello, TLS DISABLE, outlier detection, subset v1: version=v1"}},
		{func(c *Cluster) {
			c.VirtualServices = Read([]VirtualService{decoded[VirtualService](t, `{"namespace":"sample","name":"v","spec":{"hosts":["hello"],"http":[{"route":[{"destination":{"host":"hello","subset":"v1"}}]}]}}`)})
		}, []string{"VirtualService sample/v: new: calls of hello go to hello subset v1"}},
		{func(c *Cluster) {
			c.Sidecars = Read([]Sidecar{decoded[Sidecar](t, `{"namespace":"sample","name":"s","spec":{"egress":[{"hosts":["./*"]}]}}`)})
		}, []string{"Sidecar sample/s: new: all pods know ./*"}},
		{func(c *Cluster) {
			c.NetworkPolicies = Read([]NetworkPolicy{{Meta: Meta{Namespace: "sample", Name: "p"}, Ingress: true, Egress: true, EgressRules: 2}})
		}, []string{"NetworkPolicy sample/p: new: all pods of the namespace: closes what comes in but for 0 rules and what goes out but for 2 rules"}},
		{func(c *Cluster) {
			c.Servers = Read([]Server{{Meta: Meta{Namespace: names.System, Name: names.Expose}, Port: names.CrossPort, Mode: names.AutoPassthrough, Hosts: []string{"*.local"}, Selector: map[string]string{"istio": "eastwestgateway"}}})
		}, []string{"Gateway istio-system/cross-network-gateway: new: port 15443, TLS AUTO_PASSTHROUGH, hosts *.local, on pods with istio=eastwestgateway"}},
		{func(c *Cluster) {
			c.Workloads = Read(Workloads{
				Services: []Service{{Name: "helloworld", Ports: []ServicePort{{Port: 5000}}}}, Deployments: []Deployment{{Name: "sleep", Wanted: 1}}, Pods: []Pod{{Namespace: "sample", Name: "sleep-1", Ready: true}},
			})
		}, []string{"Deployment sleep: new: 0 of 1 pods available", "pod sample/sleep-1: new: Ready", "Service helloworld: new: port 5000"}},
		{func(c *Cluster) {
			c.Rejections = Read([]Rejection{{Proxy: "a/b", Kind: "listeners", Reason: "no such filter"}})
		}, []string{"configuration refused by the proxy a/b: new: listeners: no such filter"}},
	} {
		empty, full := everythingRead(), everythingRead()
		test.add(&full.Clusters[0])
		var said, gone []string
		for _, change := range Diff(empty, full) {
			said = append(said, strings.TrimPrefix(change.String(), "a: "))
		}
		for _, change := range Diff(full, empty) {
			gone = append(gone, strings.Replace(strings.TrimPrefix(change.String(), "a: "), ": gone: ", ": new: ", 1))
		}
		if diff := cmp.Diff(test.want, said); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(test.want, gone); diff != "" {
			t.Errorf("gone (-want +got):\n%s", diff)
		}
	}
}

// everythingRead is a cluster in which there is nothing.
func everythingRead() *Snapshot {
	return &Snapshot{Clusters: []Cluster{{
		Name: "a", Istiods: Read([]Istiod{}), Webhooks: Read([]Webhook{}), Roots: Read([]Certificate{}), Gateways: Read(Gateways{}), RemoteSecrets: Read([]RemoteSecret{}),
		Servers: Read([]Server{}), PeerAuthentications: Read([]PeerAuthentication{}), AuthorizationPolicies: Read([]AuthorizationPolicy{}),
		DestinationRules: Read([]DestinationRule{}), VirtualServices: Read([]VirtualService{}), Sidecars: Read([]Sidecar{}), NetworkPolicies: Read([]NetworkPolicy{}),
		Workloads: Read(Workloads{}), Rejections: Read([]Rejection{}),
	}}}
}

// A part of an object that has no name stands by its path, and what is new within a named
// object names that.
func TestDiffWithinObjects(t *testing.T) {
	before, after := everythingRead(), everythingRead()
	before.Clusters[0].AuthorizationPolicies = Read([]AuthorizationPolicy{decoded[AuthorizationPolicy](t, `{"namespace":"s","name":"p","spec":{"rules":[{}]}}`)})
	after.Clusters[0].AuthorizationPolicies = Read([]AuthorizationPolicy{decoded[AuthorizationPolicy](t, `{"namespace":"s","name":"p","spec":{"rules":[{},{"from":[{"source":{"namespaces":["x"]}}]}]}}`)})
	istiod := Istiod{Pod: Pod{Namespace: names.System, Name: "istiod-5d-x"}, Remotes: Read([]Remote{})}
	before.Clusters[0].Istiods = Read([]Istiod{istiod})
	istiod.Remotes = Read([]Remote{{ID: "east", Secret: "istio-system/s", Status: "synced"}})
	after.Clusters[0].Istiods = Read([]Istiod{istiod})
	var said []string
	for _, change := range Diff(before, after) {
		said = append(said, change.String())
	}
	slices.Sort(said)
	want := []string{
		`a: authorizationPolicies s/p spec rules: new: {"from":[{"source":{"namespaces":["x"]}}]}`,
		"a: istio-system/istiod: remote cluster east: new: synced, by Secret istio-system/s",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
