package place

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// apiServer answers what discovery reads; everything else is not found, and
// everything that is not a GET fails the test.
func apiServer(t *testing.T, network string, revisions ...string) string {
	t.Helper()
	pods := corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}}
	for _, revision := range revisions {
		pods.Items = append(pods.Items, corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "istiod-" + revision, Labels: map[string]string{names.Revision: revision}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{{Name: "CLUSTER_ID", Value: "cn-f-global-east"}}}}},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
		})
	}
	namespace := corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: names.System, Labels: map[string]string{names.Network: network}},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s: discovery only reads", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/api/v1/namespaces/istio-system/pods":
			_ = json.NewEncoder(w).Encode(pods)
		case "/api/v1/namespaces/istio-system":
			_ = json.NewEncoder(w).Encode(namespace)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func cluster(t *testing.T, name, server string) *fleetfile.Cluster {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".yaml")
	content := fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: %q}}]\nusers: [{name: u, user: {}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n", server)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return &fleetfile.Cluster{Name: name, Kubeconfig: path, Context: "x", Platform: "gdc-vmware"}
}

func TestFleetFindsOutWhatTheFileLeavesOpen(t *testing.T) {
	west, east := cluster(t, "west", apiServer(t, "n-west", "asm-1", "asm-2")), cluster(t, "cn-f-global-east", apiServer(t, "n-east", "asm-2"))
	west.Revision, west.Network = "asm-2", "n-file"
	var progress bytes.Buffer
	p := NewFleet(FleetOptions{File: &fleetfile.File{Name: "f", Clusters: []*fleetfile.Cluster{west, east}}, Progress: &progress})
	got, err := p.Create(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []fleet.ClusterSpec{
		{Name: "west", Kubeconfig: west.Kubeconfig, Context: "x", Network: "n-file", Revision: "asm-2", Platform: "gdc-vmware"},
		{Name: "cn-f-global-east", Kubeconfig: east.Kubeconfig, Context: "x", Network: "n-east", Revision: "asm-2", Platform: "gdc-vmware"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if warnings := strings.Count(progress.String(), "warning"); warnings != 1 || !strings.Contains(progress.String(), `istiod of cluster west calls it "cn-f-global-east"`) {
		t.Errorf("want one warning, of west's name, got\n%s", progress.String())
	}
	if _, err := p.Create(t.Context(), 0); err != nil {
		t.Errorf("any number: %v", err)
	}
	if err := p.Destroy(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFleetTellsAllThatCannotBeFoundOut(t *testing.T) {
	file := &fleetfile.File{Name: "f", Clusters: []*fleetfile.Cluster{
		cluster(t, "west", apiServer(t, "n-west", "asm-1", "asm-2")), cluster(t, "east", apiServer(t, "n-east")), cluster(t, "north", apiServer(t, "", "asm-1")),
	}}
	_, err := NewFleet(FleetOptions{File: file}).Create(t.Context(), 3)
	if !errors.Is(err, fleet.ErrAmbiguousRevision) {
		t.Errorf("want an ambiguous revision, got %v", err)
	}
	for _, want := range []string{`cluster "east": no Ready pod`, `network of cluster "north"`, `cluster "west": several control planes`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestFleetRefusesAnotherNumber(t *testing.T) {
	file := &fleetfile.File{Name: "f", Clusters: []*fleetfile.Cluster{{Name: "west"}, {Name: "east"}}}
	if _, err := NewFleet(FleetOptions{File: file}).Create(t.Context(), 3); err == nil || !strings.Contains(err.Error(), "has 2 clusters and 3 are wanted") {
		t.Errorf("want the number refused, got %v", err)
	}
}

func TestFleetTraits(t *testing.T) {
	file := &fleetfile.File{
		Tools:  fleetfile.Tools{Istioctl: "/out/istioctl", GenGateway: "/out/gen.sh", Asmcli: "/out/asmcli"},
		Images: fleetfile.Images{HelloWorld: "hello:{version}", Sleep: "sleep"},
	}
	p := NewFleet(FleetOptions{File: file})
	traits := p.Traits()
	if p.Name() != "fleet" || traits.InstallsMesh || traits.StateDir != "" || traits.Bounds.Address == 0 {
		t.Errorf("got %q, %+v", p.Name(), traits)
	}
	want := fleet.Tools{Istioctl: "/out/istioctl", Kubectl: "kubectl", GenGateway: "/out/gen.sh", Asmcli: "/out/asmcli"}
	if diff := cmp.Diff(want, traits.Tools); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(fleet.Images{HelloWorld: "hello:{version}", Sleep: "sleep"}, traits.Images); diff != "" {
		t.Error(diff)
	}
}
