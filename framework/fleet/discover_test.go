package fleet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

const injectorJSON = `{"global": {"network": "n-values", "meshID": "proj-1", "pilotCertProvider": "istiod", "multiCluster": {"clusterName": "cn-f-global-west", "enabled": true}}, "revision": "asm-1"}`

func systemNamespace(labels map[string]string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: names.System, Labels: labels}}
}

func injectorOf(revision, values string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: names.System, Name: injectorName(revision)},
		Data:       map[string]string{"values": values},
	}
}

func TestFindNetwork(t *testing.T) {
	tests := []struct {
		name    string
		objects []runtime.Object
		want    string
		wantErr string
	}{
		{name: "label", objects: []runtime.Object{systemNamespace(map[string]string{names.Network: "n-label"}), injectorOf("asm-1", injectorJSON)}, want: "n-label"},
		{name: "injector", objects: []runtime.Object{systemNamespace(nil), injectorOf("asm-1", injectorJSON)}, want: "n-values"},
		{name: "injector of another revision", objects: []runtime.Object{systemNamespace(nil), injectorOf("asm-2", injectorJSON)}, wantErr: "give the cluster's network in the fleet file"},
		{name: "no mesh", wantErr: `cluster "west"`},
		{name: "values of something else", objects: []runtime.Object{systemNamespace(nil), injectorOf("asm-1", "[]")}, wantErr: "not what Istio writes"},
		{name: "no values", objects: []runtime.Object{systemNamespace(nil), injectorOf("asm-1", "")}, wantErr: "has no values"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := &kube.Client{Name: "west", Kubernetes: fake.NewClientset(test.objects...)}
			got, err := FindNetwork(t.Context(), client, "asm-1")
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("want error %q, got %v", test.wantErr, err)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("want %q, got %q, %v", test.want, got, err)
			}
		})
	}
}

func TestInjector(t *testing.T) {
	client := &kube.Client{Name: "west", Kubernetes: fake.NewClientset(injectorOf(names.DefaultRevision, injectorJSON))}
	got, err := Injector(t.Context(), client, names.DefaultRevision)
	if err != nil {
		t.Fatal(err)
	}
	want := InjectorValues{Found: true, Network: "n-values", ClusterName: "cn-f-global-west", MeshID: "proj-1", PilotCertProvider: "istiod"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err := Injector(t.Context(), client, "asm-9"); err != nil || got.Found {
		t.Errorf("want none found, got %v, %v", got, err)
	}
}

func TestIstiodPod(t *testing.T) {
	pod := func(name, revision string, ready corev1.ConditionStatus) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: names.System, Name: name, Labels: map[string]string{"app": "istiod", names.Revision: revision}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{{Name: "CLUSTER_ID", Value: "id-of-" + name}}}}},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	client := &kube.Client{Name: "west", Kubernetes: fake.NewClientset(
		pod("starting", "asm-1", corev1.ConditionFalse), pod("one", "asm-1", corev1.ConditionTrue), pod("two", "asm-2", corev1.ConditionTrue))}
	found, err := IstiodPod(t.Context(), client, "asm-1")
	if err != nil || ClusterID(found) != "id-of-one" {
		t.Errorf("want the ready pod of asm-1, got %v, %v", found, err)
	}
	if _, err := IstiodPod(t.Context(), client, "asm-3"); err == nil || !strings.Contains(err.Error(), `cluster "west"`) {
		t.Errorf("want none found, got %v", err)
	}
}
