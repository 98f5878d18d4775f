package istio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func TestParseMeshConfig(t *testing.T) {
	tests := map[string]struct {
		document string
		want     MeshConfig
		err      bool
	}{
		"nothing":             {"{}", MeshConfig{Revision: "r"}, false},
		"the CA":              {"defaultConfig: {proxyMetadata: {CA_PROVIDER: GoogleCAS, FLAG: true}}", MeshConfig{Revision: "r", CAProvider: "GoogleCAS"}, false},
		"exports":             {`{defaultDestinationRuleExportTo: ["."], defaultVirtualServiceExportTo: ["*"]}`, MeshConfig{Revision: "r", DefaultDestinationRuleExportTo: []string{"."}, DefaultVirtualServiceExportTo: []string{"*"}}, false},
		"fields of elsewhere": {"enableTracing: true\nextensionProviders: [{name: x}]", MeshConfig{Revision: "r"}, false},
		"no YAML":             {"SECRET: [", MeshConfig{}, true},
		"another form":        {"trustDomain: {SECRET: 1}", MeshConfig{}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseMeshConfig("r", time.Time{}, test.document)
			if diff := cmp.Diff(test.want, got); diff != "" || (err != nil) != test.err {
				t.Errorf("%v, -want +got:\n%s", err, diff)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the error repeats what it read: %v", err)
			}
		})
	}
}

func TestParseInjector(t *testing.T) {
	got, err := parseInjector("r", time.Time{}, `{"global":{"network":"n","multiCluster":{"clusterName":"c"}},"revision":"x"}`)
	if err != nil || got != (Injector{Revision: "r", Network: "n", Cluster: "c"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseInjector("r", time.Time{}, "SECRET"); err == nil || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("got %v", err)
	}
}

func TestParseClusterz(t *testing.T) {
	got, err := parseClusterz([]byte(`[{"id":"self","syncStatus":"synced"},{"id":"b","secretName":"istio-system/b","syncStatus":"timeout"},{"id":"a","secretName":"istio-system/a","syncStatus":"synced"}]`))
	want := []Remote{{ID: "a", Secret: "istio-system/a", Status: "synced"}, {ID: "b", Secret: "istio-system/b", Status: "timeout"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if got, err := parseClusterz([]byte("null")); err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// Before 1.28 a gateway's cluster was there, too; the fields have never had JSON names.
func TestParseNetworkz(t *testing.T) {
	got, err := parseNetworkz([]byte(`[{"Network":"n","Cluster":"c","Addr":"10.0.0.1","Port":15443,"ServiceAccount":{"Namespace":"","Name":""}},{"Network":"n","Addr":"10.0.0.2","Port":0,"HBONEPort":15008}]`))
	want := []NetworkGateway{{Network: "n", Cluster: "c", Address: "10.0.0.1", Port: 15443}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if _, err := parseNetworkz([]byte(`{}`)); err == nil {
		t.Error("want an error for what is no list")
	}
}

func TestParseSecrets(t *testing.T) {
	source := func(text string) string {
		return fmt.Sprintf(`{"inline_bytes":%q}`, base64.StdEncoding.EncodeToString([]byte(text)))
	}
	root, chain := recorded(t, "root.pem"), recorded(t, "chain.pem")
	tests := map[string]struct {
		document string
		roots    int
		own      bool
		err      bool
	}{
		"nothing":          {`{}`, 0, false, false},
		"others":           {`{"configs":[{"name":"kubernetes://x","secret":{"tls_certificate":{"certificate_chain":{"inline_string":"SECRET"}}}}]}`, 0, false, false},
		"a root":           {`{"configs":[{"name":"ROOTCA","secret":{"validation_context":{"trusted_ca":` + source(root) + `}}}]}`, 1, false, false},
		"two, one twice":   {`{"configs":[{"name":"ROOTCA","secret":{"combined_validation_context":{"default_validation_context":{"trusted_ca":` + source(chain+root) + `}}}}]}`, 2, false, false},
		"its own":          {`{"configs":[{"name":"default","secret":{"tls_certificate":{"certificate_chain":` + source(chain) + `}}}]}`, 0, true, false},
		"not yet":          {`{"configs":[{"name":"default","secret":{}},{"name":"ROOTCA"}]}`, 0, false, false},
		"no base64":        {`{"configs":[{"name":"ROOTCA","secret":{"validation_context":{"trusted_ca":{"inline_bytes":"!"}}}}]}`, 0, false, true},
		"no certificate":   {`{"configs":[{"name":"default","secret":{"tls_certificate":{"certificate_chain":` + source("SECRET") + `}}}]}`, 0, false, true},
		"no JSON":          {`SECRET`, 0, false, true},
		"no inline source": {`{"configs":[{"name":"ROOTCA","secret":{"validation_context":{"trusted_ca":{"filename":"/etc/ca"}}}}]}`, 0, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseSecrets([]byte(test.document))
			if len(got.roots) != test.roots || (got.own != nil) != test.own || (err != nil) != test.err {
				t.Errorf("got %+v, %v", got, err)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET") {
				t.Errorf("the error repeats what it read: %v", err)
			}
			if got.own != nil && !slices.Equal(got.own.SPIFFE, []string{"spiffe://cluster.local/ns/sample/sa/sleep"}) {
				t.Errorf("want the leaf, got %+v", got.own)
			}
		})
	}
}

func TestParseEndpoints(t *testing.T) {
	const document = `{"cluster_statuses":[{"name":"c","host_statuses":[
		{"address":{"socket_address":{"address":"10.99.2.100","port_value":15443}},"stats":[{"name":"cx_connect_fail"},{"name":"cx_total","value":"2"},{"name":"rq_total","value":9},{"name":"rq_error","value":"1"}],"health_status":{"eds_health_status":"HEALTHY"},"weight":4},
		{"address":{"socket_address":{"address":"10.99.1.10","port_value":5000}},"stats":[{"name":"rq_success","value":"11"}],"health_status":{"eds_health_status":"HEALTHY","failed_outlier_check":true}},
		{"address":{"socket_address":{"address":"fd00::1","port_value":5000}},"health_status":{"eds_health_status":"DRAINING"}},
		{"address":{"pipe":{"path":"./socket"}},"health_status":{"pending_active_hc":true}},
		{"address":{"envoy_internal_address":{"server_listener_name":"connect","endpoint_id":"x"}}}]},
		{"name":"other","host_statuses":[{"address":{"pipe":{"path":"./other"}}}]}]}`
	got, err := parseEndpoints([]byte(document), "c")
	want := []Endpoint{
		{Address: "./socket", Healthy: true, Weight: 1},
		{Address: "10.99.1.10:5000", Weight: 1, Total: Counters{Succeeded: 11}},
		{Address: "10.99.2.100:15443", Healthy: true, Weight: 4, Total: Counters{Connections: 2, Requests: 9, Errors: 1}},
		{Address: "[fd00::1]:5000", Weight: 1},
		{Address: "connect/x", Healthy: true, Weight: 1},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if got, err := parseEndpoints([]byte(`{"cluster_statuses":[]}`), "c"); err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func object(t *testing.T, text string) unstructured.Unstructured {
	t.Helper()
	return unstructured.Unstructured{Object: *fromYAML[map[string]any](t, text)}
}

// A listener of the Gateway API lets other networks in where istiod takes it for such.
func TestParseListeners(t *testing.T) {
	const listeners = `
  - {name: tls, port: 15443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}}
  - {name: web, port: 443, protocol: HTTPS, tls: {mode: Terminate}}
  - {name: option, port: 444, protocol: TLS, hostname: "*.local", tls: {options: {gateway.istio.io/listener-protocol: auto-passthrough}}}
  - {name: plain, port: 80, protocol: HTTP}`
	head := func(labels string) string {
		return "kind: Gateway\nmetadata: {name: ew, namespace: infra, labels: " + labels + "}\nspec:\n  listeners:" + listeners
	}
	meta, pods := Meta{Namespace: "infra", Name: "ew"}, map[string]string{gatewayNameLabel: "ew"}
	all := []Server{
		{Meta: meta, Selector: pods, Port: 15443, Protocol: "TLS", Mode: names.AutoPassthrough, Hosts: []string{"*/*"}},
		{Meta: meta, Selector: pods, Port: 444, Protocol: "TLS", Mode: names.AutoPassthrough, Hosts: []string{"infra/*.local"}},
	}
	byHand := slices.Clone(all)
	byHand[0].Selector, byHand[1].Selector = nil, nil
	tests := map[string]struct {
		gateway string
		want    []Server
	}{
		"a network's":   {head("{topology.istio.io/network: network1}"), all},
		"nobody's":      {head("{}"), all[1:]},
		"another port":  {head(`{topology.istio.io/network: network1, networking.istio.io/gatewayPort: "7"}`), all[1:]},
		"with a server": {head("{topology.istio.io/network: network1}") + "\n  addresses: [{type: Hostname, value: gw.infra.svc}]", byHand},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseListeners(object(t, test.gateway))
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v, -want +got:\n%s", err, diff)
			}
		})
	}
	if !all[0].Exposes("helloworld.sample.svc.cluster.local", "sample") {
		t.Error("want all hosts let in")
	}
}

// What is not as Istio has it makes its kind unknown, and is named.
func TestParseResourceOfAnotherForm(t *testing.T) {
	_, err := parseResource[PeerAuthentication](object(t, "kind: PeerAuthentication\nmetadata: {namespace: team, name: odd}\nspec: {mtls: STRICT}"))
	if err == nil || !strings.Contains(err.Error(), "team/odd") || unknown("x", err).Reason != Malformed {
		t.Errorf("got %v", err)
	}
	if got, err := parseResource[Sidecar](object(t, "kind: Sidecar\nmetadata: {namespace: team, name: a}")); err != nil || got.Name != "a" {
		t.Errorf("want one without spec read, got %+v, %v", got, err)
	}
}

func TestNetworkPolicy(t *testing.T) {
	tests := map[string]struct {
		spec string
		want NetworkPolicy
	}{
		"deny all in":         {"{podSelector: {}}", NetworkPolicy{Ingress: true, IngressComplete: true, EgressComplete: true}},
		"both by their rules": {"{podSelector: {}, ingress: [{}], egress: [{ports: [{port: 53, protocol: UDP}, {port: dns}]}]}", NetworkPolicy{Ingress: true, Egress: true, IngressPorts: []uint32{0}, EgressPorts: []uint32{53, 0}, IngressRules: 1, EgressRules: 1, IngressComplete: true}},
		"out alone":           {"{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}], ports: [{port: 15443}]}]}", NetworkPolicy{Egress: true, EgressRules: 1, IngressComplete: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			policy := &networkingv1.NetworkPolicy{Spec: *fromYAML[networkingv1.NetworkPolicySpec](t, test.spec)}
			if diff := cmp.Diff(test.want, networkPolicyOf(policy)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestBareServer(t *testing.T) {
	for server, want := range map[string]string{
		"https://10.0.0.1:6443":            "https://10.0.0.1:6443",
		"https://u:SECRET@h/k8s?t=SECRET#": "https://h/k8s",
		"10.0.0.1":                         "",
		"::":                               "",
	} {
		if got := bareServer(server); got != want {
			t.Errorf("%s: want %q, got %q", server, want, got)
		}
	}
}

func TestIstiodVersion(t *testing.T) {
	for image, want := range map[string]string{
		"istio/pilot:1.31.0": "1.31.0", "r:5000/pilot:1.28.2-asm.4-distroless@sha256:aa": "1.28.2-asm.4", "istio/pilot": "", "": "",
	} {
		if got := istiodVersion(image); got != want {
			t.Errorf("%s: want %q, got %q", image, want, got)
		}
	}
}

// Nothing that comes from outside may stop the reading, and what is read must be a snapshot's.
func FuzzParsers(f *testing.F) {
	for _, seed := range []string{
		"", "null", "[]", "{}", `[{"id":"a","secretName":"b"}]`, `[{"Network":"n","Port":1}]`, `{"global":{"network":"n"}}`,
		"trustDomain: a\ndefaultConfig: {proxyMetadata: {CA_PROVIDER: x}}", recorded(f, "syncz.json"), recorded(f, "rejecting-proxy.log"), recorded(f, "chain.pem"),
		`{"configs":[{"name":"ROOTCA","secret":{"validation_context":{"trusted_ca":{"inline_string":"a"}}}}]}`,
		`{"cluster_statuses":[{"name":"c","host_statuses":[{"address":{"socket_address":{"address":"1","port_value":99999}},"stats":[{"name":"cx_total","value":"-1"}]}]}]}`,
		"apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://a'}}]\nusers: [{name: u, user: {token: t}}]",
		`{"spec":{"listeners":[{"port":15443,"tls":{}}],"servers":[{"port":{"number":15443}}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		var out Cluster
		mesh, _ := parseMeshConfig("r", time.Time{}, string(document))
		injector, _ := parseInjector("r", time.Time{}, string(document))
		remotes, _ := parseClusterz(document)
		networks, _ := parseNetworkz(document)
		status, _ := parseSyncz(document)
		secrets, _ := parseSecrets(document)
		certificates, _ := parseCertificates(document)
		endpoints, _ := parseEndpoints(document, "c")
		entry, _ := parseRemote(document)
		_, _, _ = parseServerInfo(document), lastComplaint(string(document)), nodeAddresses(nil, string(document))
		out.Name = "c"
		out.MeshConfigs, out.Injectors = Read([]MeshConfig{mesh}), Read([]Injector{injector})
		out.Istiods = Read([]Istiod{{Remotes: Read(remotes), Networks: Read(networks)}})
		out.Rejections = Read(append(status.rejections, rejectionsInLog(string(document))...))
		out.Roots, out.CARoots = Read(certificates), Read(secrets.roots)
		out.Caller = Read(Caller{Endpoints: Read(endpoints)})
		out.RemoteSecrets = Read([]RemoteSecret{{Entries: []RemoteEntry{entry}}})
		out.Servers = Read(anyServers(document))
		s := &Snapshot{APIVersion: APIVersion, Kind: Kind, Clusters: []Cluster{out}}
		var file bytes.Buffer
		if err := s.Save(&file); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(&file); err != nil {
			t.Fatal(err)
		}
	})
}

func anyServers(document []byte) []Server {
	var content map[string]any
	if json.Unmarshal(document, &content) != nil {
		return nil
	}
	one := unstructured.Unstructured{Object: content}
	servers, _ := parseGateway(one)
	listeners, _ := parseListeners(one)
	return append(servers, listeners...)
}

// A snapshot's file comes from somebody else.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(recorded(f, "snapshot.json")))
	f.Add([]byte(`{"apiVersion":"eastwest.dev/v1alpha1","kind":"Snapshot","taken":"2026-11-28T12:00:00Z","clusters":[{"name":"a","roots":{"value":null}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := Load(bytes.NewReader(content))
		if err != nil {
			return
		}
		var file bytes.Buffer
		if err := s.Save(&file); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(&file); err != nil {
			t.Errorf("it cannot be loaded again: %v", err)
		}
	})
}
