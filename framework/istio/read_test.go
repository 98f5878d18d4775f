package istio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// testMesh is two clusters that know each other, made from testdata/cluster.yaml. What
// begins with SECRET there must not reach a snapshot.
type testMesh struct {
	servers  []*apiServer
	pods     []*fakePods
	clusters []*fleet.Cluster
	bounds   kube.Bounds
}

func newMesh(t *testing.T) *testMesh {
	t.Helper()
	mesh := &testMesh{bounds: kube.ReadingBounds()}
	for i := range 2 {
		name, other := fmt.Sprintf("cluster%d", i+1), fmt.Sprintf("cluster%d", 2-i)
		manifest := strings.NewReplacer("ITSNAME", name, "ITSNETWORK", fmt.Sprintf("network%d", i+1), "ITSVERSION", fmt.Sprintf("v%d", i+1),
			"ROOT-PEM", strings.ReplaceAll(strings.TrimSpace(recorded(t, "root.pem")), "\n", "\n    ")).Replace(recorded(t, "cluster.yaml"))
		server := newAPIServer(t, name, manifest)
		mesh.servers = append(mesh.servers, server)
		mesh.pods = append(mesh.pods, soundPods(t, other))
		mesh.clusters = append(mesh.clusters, server.member(t, fmt.Sprintf("network%d", i+1)))
	}
	for i, server := range mesh.servers {
		other := mesh.servers[1-i]
		server.add(t, remoteSecret(t, "istio-remote-secret-"+other.name, true, map[string]string{other.name: other.kubeconfig(t, readerToken+other.name)}))
	}
	return mesh
}

// remoteSecret is one of istio-system.
func remoteSecret(t *testing.T, name string, labelled bool, entries map[string]string) string {
	t.Helper()
	labels := map[string]string{}
	if labelled {
		labels[names.MultiCluster] = names.True
	}
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "stringData": entries,
		"metadata": map[string]any{"namespace": names.System, "name": name, "labels": labels},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// soundPods are istiod, the gateway and Sleep of a cluster that knows another.
func soundPods(t *testing.T, other string) *fakePods {
	t.Helper()
	inline := func(name string) string { return base64.StdEncoding.EncodeToString([]byte(recorded(t, name))) }
	secrets := fmt.Sprintf(`{"configs":[{"name":"default","secret":{"name":"default","tls_certificate":{"certificate_chain":{"inline_bytes":%q},"private_key":{"inline_string":"SECRET-private-key"}}}},
		{"name":"ROOTCA","secret":{"name":"ROOTCA","validation_context":{"trusted_ca":{"inline_bytes":%q}}}}]}`, inline("chain.pem"), inline("root.pem"))
	return &fakePods{answers: map[string]string{
		"istiod-1 " + names.Clusterz:                          fmt.Sprintf(`[{"id":"self","syncStatus":"synced"},{"id":%q,"secretName":"istio-system/istio-remote-secret-%s","syncStatus":"synced"}]`, other, other),
		"istiod-1 " + names.Networkz:                          `[{"Network":"network2","Cluster":"cluster2","Addr":"172.30.1.1","Port":15443,"HBONEPort":0},{"Network":"ambient","Addr":"172.30.1.2","Port":0,"HBONEPort":15008}]`,
		"istiod-1 " + names.Syncz:                             `[{"proxy":"gw-1.istio-ingress","istio_version":"1.28.2","resources":{"type.googleapis.com/envoy.config.listener.v3.Listener":{"lastError":"Error adding/updating listener(s) 0.0.0.0_15443: no such filter"}}}]`,
		"gw-1 config_dump?resource=dynamic_active_secrets":    `{}`,
		"gw-1 server_info":                                    `{"version":"bd0bc7b2fd45bb0fb6f5d1e5bc6ee8bd0ad1ebc1/1.36.2/Clean/RELEASE/BoringSSL"}`,
		"sleep-1 config_dump?resource=dynamic_active_secrets": secrets,
		"sleep-1 clusters?format=json": `{"cluster_statuses":[{"name":"outbound|5000||helloworld.sample.svc.cluster.local","host_statuses":[
			{"address":{"socket_address":{"address":"172.30.1.1","port_value":15443}},"stats":[{"name":"cx_total","value":"2"},{"name":"cx_connect_fail","value":"1"},{"name":"rq_total","value":"9"},{"name":"rq_success","value":"8"}],"health_status":{"eds_health_status":"HEALTHY"},"weight":4}]}]}`,
	}}
}

// take reads the mesh with the pods that stand for its own.
func (m *testMesh) take(t *testing.T, namespace string) *Snapshot {
	t.Helper()
	return Take(t.Context(), m.clusters, Options{
		Namespace: namespace, Asked: Asked{CA: "istio"}, Eastwest: "test", Bounds: m.bounds,
		execer: func(c *fleet.Cluster) Execer {
			return m.pods[slices.Index(m.clusters, c)]
		},
	})
}

// document is a snapshot's file with the addresses of the test's servers under names.
func (m *testMesh) document(t *testing.T, s *Snapshot) string {
	t.Helper()
	var file bytes.Buffer
	if err := s.Save(&file); err != nil {
		t.Fatal(err)
	}
	text := file.String()
	for _, server := range m.servers {
		text = strings.ReplaceAll(text, server.URL, "https://"+server.name)
	}
	return text
}

// The whole of what is read of a sound mesh, and that nothing secret is.
func TestTake(t *testing.T) {
	mesh := newMesh(t)
	s := mesh.take(t, "sample")
	if since := time.Since(s.Taken); since < 0 || since > time.Minute {
		t.Errorf("taken at %s", s.Taken)
	}
	s.Taken = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for i := range s.Clusters {
		if got := s.Clusters[i].Traffic; got.Requests == 0 {
			t.Errorf("want the requests counted, got %+v", got)
		}
		// How often discovery is asked depends on who is first.
		s.Clusters[i].Traffic = kube.Traffic{Requests: 60, Streams: 6}
	}
	whole := mesh.document(t, s)
	if at := strings.Index(whole, "SECRET"); at >= 0 {
		t.Errorf("something secret is in the snapshot: %s", whole[max(0, at-100):min(len(whole), at+100)])
	}
	if again, err := Load(strings.NewReader(whole)); err != nil {
		t.Error(err)
	} else if diff := cmp.Diff(whole, mesh.document(t, again)); diff != "" {
		t.Errorf("loaded and saved again (-want +got):\n%s", diff)
	}
	s.Clusters = s.Clusters[:1]
	golden(t, "snapshot.json", mesh.document(t, s))
	for _, server := range mesh.servers {
		for token := range server.tokens {
			if token != userToken && token != readerToken+server.name {
				t.Errorf("%s was shown a token of another cluster: %s", server.name, token)
			}
		}
		if server.tokens[readerToken+server.name] == 0 {
			t.Errorf("want %s asked who it is with the token of its remote secret", server.name)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run go test with -update and read the difference", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
