//go:build apiserver

package run

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/kube/kubetest"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// The API server's own Pod Security admission, with nothing that injects.
func TestAPIServerPodsAreAdmitted(t *testing.T) {
	const namespace = "restricted"
	plane := kubetest.Start(t)
	client, err := kube.New(kube.Options{Name: "west", Kubeconfig: plane.Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	core := client.Kubernetes.CoreV1()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}
	if _, err := core.Namespaces().Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := core.ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		workload fleet.Workload
		want     []string // one for each pod that is not right
	}{
		{"defaults", fleet.Workload{}, []string{"helloworld-v1-eastwest-try gets no sidecar", "sleep-eastwest-try gets no sidecar"}},
		{"privileges", fleet.Workload{SecurityContext: &corev1.SecurityContext{}}, []string{
			"helloworld-v1-eastwest-try is not admitted", "sleep-eastwest-try is not admitted", "nosidecar-eastwest-try is not admitted",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pods, err := workload.Pods(workload.Options{Namespace: namespace, Images: fleet.UpstreamImages(2), Workload: test.workload})
			if err != nil {
				t.Fatal(err)
			}
			refused, err := fleet.TryPods(t.Context(), client, pods, "asm-1")
			if err != nil || len(refused) != len(test.want) {
				t.Fatalf("want %q, got %q, %v", test.want, refused, err)
			}
			for i, want := range test.want {
				if !strings.Contains(refused[i], want) {
					t.Errorf("want %q, got %q", want, refused[i])
				}
			}
		})
	}
	left, err := core.Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("want no pod made, got %v, %v", left.Items, err)
	}
}
