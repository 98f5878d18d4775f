package providers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
)

// What the file leaves open stays open: the provider reaches no cluster.
func TestFleetIsWhatItsFileSays(t *testing.T) {
	p := NewFleet(&fleetfile.File{Name: "f", Clusters: []*fleetfile.Cluster{
		{Name: "west", Kubeconfig: "no.yaml", Context: "x", Platform: "gdc-vmware", Revision: "prod", Network: "n-file"}, {Name: "east", Kubeconfig: "no.yaml"},
	}})
	want := []fleet.ClusterSpec{
		{Name: "west", Kubeconfig: "no.yaml", Context: "x", Network: "n-file", Revision: "prod", Platform: "gdc-vmware"}, {Name: "east", Kubeconfig: "no.yaml"},
	}
	for _, number := range []int{0, 2} {
		got, err := p.Create(t.Context(), number)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	if err := p.Destroy(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFleetRefusesAnotherNumber(t *testing.T) {
	file := &fleetfile.File{Name: "f", Clusters: []*fleetfile.Cluster{{Name: "west"}, {Name: "east"}}}
	if _, err := NewFleet(file).Create(t.Context(), 3); err == nil || !strings.Contains(err.Error(), "has 2 clusters and 3 are wanted") {
		t.Errorf("want the number refused, got %v", err)
	}
}

func TestFleetTraits(t *testing.T) {
	file := &fleetfile.File{
		Tools:  fleetfile.Tools{Istioctl: "/out/istioctl", GenGateway: "/out/gen.sh", Asmcli: "/out/asmcli"},
		Images: fleetfile.Images{HelloWorld: "hello:{version}", Sleep: "sleep"},
	}
	p := NewFleet(file)
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
