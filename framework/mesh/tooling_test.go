package mesh

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func TestControlPlaneOf(t *testing.T) {
	for version, release := range map[string]cell.Version{
		"1.28.2-asm.4": {Major: 1, Minor: 28}, "1.31.0-eastwest": {Major: 1, Minor: 31}, "": {}, "latest": {},
	} {
		got := controlPlaneOf("west", istio.Istiod{Revision: "asm-1", Version: version})
		if diff := cmp.Diff(ControlPlane{Cluster: "west", Revision: "asm-1", Version: version, Release: release}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", version, diff)
		}
	}
}

func TestCertProviderDrift(t *testing.T) {
	pod := func(name, revision, provider string) istio.Pod {
		return istio.Pod{Name: name, Labels: map[string]string{names.Revision: revision}, Env: map[string]string{names.EnvCertProvider: provider}}
	}
	got := certProviderDrift("istiod", "asm-1", []istio.Pod{
		pod("istiod-1", "asm-1", "kubernetes"), pod("istiod-2", "asm-2", "kubernetes"), pod("gateway-1", "asm-1", "istiod"), {Name: "silent", Labels: map[string]string{names.Revision: "asm-1"}},
	})
	want := []string{"warning: pilotCertProvider=istiod was asked for, but pod istiod-1 has PILOT_CERT_PROVIDER=kubernetes"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
