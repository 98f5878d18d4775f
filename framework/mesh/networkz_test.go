package mesh

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

func TestJudgeGateways(t *testing.T) {
	east := []fleet.NetworkGateway{{Network: "east", Addr: "192.0.2.2", Port: 15443}, {Network: "east", Addr: "192.0.2.1", Port: 15443}, {Network: "west", Addr: "192.0.2.9", Port: 15443}}
	tests := []struct {
		name     string
		known    map[string][]fleet.NetworkGateway
		networks []string
		want     kube.State
	}{
		{"known, with an address for each zone", map[string][]fleet.NetworkGateway{"i1": east}, []string{"east"}, kube.State{Met: true, Seen: "i1: east at 192.0.2.1 192.0.2.2"}},
		{"its name does not resolve yet", map[string][]fleet.NetworkGateway{"i1": nil}, []string{"east"}, kube.State{Seen: "i1: east nowhere"}},
		{"one of two networks", map[string][]fleet.NetworkGateway{"i1": east}, []string{"east", "north"}, kube.State{Seen: "i1: east at 192.0.2.1 192.0.2.2, north nowhere"}},
		{"one istiod of two lags", map[string][]fleet.NetworkGateway{"i1": east, "i2": nil}, []string{"east"}, kube.State{Seen: "i1: east at 192.0.2.1 192.0.2.2; i2: east nowhere"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, judgeGateways(test.known, test.networks)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestParseNetworkz(t *testing.T) {
	// As istiod 1.31 writes it; without any gateway it writes null.
	got, err := fleet.ParseNetworkz([]byte(`[{"Network":"network2","Cluster":"cluster2","Addr":"172.31.102.1","Port":15443,"HBONEPort":0,"ServiceAccount":{"Namespace":"","Name":""}}]`))
	if diff := cmp.Diff([]fleet.NetworkGateway{{Network: "network2", Addr: "172.31.102.1", Port: 15443}}, got); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
	if got, err := fleet.ParseNetworkz([]byte("null")); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := fleet.ParseNetworkz([]byte("404 page not found")); err == nil {
		t.Error("want an error")
	}
}

func TestOtherNetworks(t *testing.T) {
	spec := func(network string) fleet.ClusterSpec { return fleet.ClusterSpec{Network: network} }
	all := []fleet.ClusterSpec{spec("b"), spec("a"), spec("b"), spec("c")}
	if diff := cmp.Diff([]string{"b", "c"}, otherNetworks(spec("a"), all)); diff != "" {
		t.Error(diff)
	}
	if got := otherNetworks(spec("a"), []fleet.ClusterSpec{spec("a")}); got != nil {
		t.Errorf("a flat mesh has no gateways to know, got %v", got)
	}
}
