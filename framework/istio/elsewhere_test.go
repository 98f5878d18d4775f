package istio

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

func system() *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: names.System}}
}

// A cluster without istiod whose namespace names another one's is not told to install one.
func TestFindRevisionOfAServedCluster(t *testing.T) {
	served := system()
	served.Annotations = map[string]string{names.ControlPlanes: "cluster1"}
	client := &kube.Client{Name: "cluster2", REST: &rest.Config{}, Kubernetes: fake.NewClientset(served)}
	_, err := FindRevision(t.Context(), client, "")
	if !errors.Is(err, ErrServedElsewhere) || !strings.Contains(err.Error(), "controlPlaneClusters=cluster1") {
		t.Errorf("want told where the control plane is, got %v", err)
	}
	client.Kubernetes = fake.NewClientset(system())
	if _, err := FindRevision(t.Context(), client, ""); errors.Is(err, ErrServedElsewhere) || err == nil || !strings.Contains(err.Error(), "install the control plane first") {
		t.Errorf("want a control plane asked for, got %v", err)
	}
}
