package fleet

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// A cluster without istiod whose namespace names another one's is not told to install one.
func TestFindRevisionOfAServedCluster(t *testing.T) {
	served := systemNamespace(nil)
	served.Annotations = map[string]string{names.ControlPlanes: "cluster1"}
	client := &kube.Client{Name: "cluster2", Kubernetes: fake.NewClientset(served)}
	_, err := FindRevision(t.Context(), client, "")
	if !errors.Is(err, ErrServedElsewhere) || !strings.Contains(err.Error(), "controlPlaneClusters=cluster1") {
		t.Errorf("want told where the control plane is, got %v", err)
	}
	client.Kubernetes = fake.NewClientset(systemNamespace(nil))
	if _, err := FindRevision(t.Context(), client, ""); errors.Is(err, ErrServedElsewhere) || err == nil || !strings.Contains(err.Error(), "install the control plane first") {
		t.Errorf("want a control plane asked for, got %v", err)
	}
}
