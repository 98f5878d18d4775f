package istio

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// A cluster without istiod whose namespace names another one's is not advised to install one.
func TestFindRevisionOfAServedCluster(t *testing.T) {
	const identity = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system, uid: uid-2}\n---\n"
	served := fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, annotations: {%s: cluster1}}", names.System, names.ControlPlanes)
	client := newAPIServer(t, "cluster2", identity+served).member(t, "").Client
	if _, err := FindRevision(t.Context(), client, ""); !errors.Is(err, ErrServedElsewhere) || !strings.Contains(err.Error(), "controlPlaneClusters=cluster1") {
		t.Errorf("want it said where the control plane is, got %v", err)
	}
	alone := fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}", names.System)
	client = newAPIServer(t, "cluster2", identity+alone).member(t, "").Client
	if _, err := FindRevision(t.Context(), client, ""); errors.Is(err, ErrServedElsewhere) || err == nil || !strings.Contains(err.Error(), "install the control plane first") {
		t.Errorf("want a control plane asked for, got %v", err)
	}
}
