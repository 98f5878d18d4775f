package mesh

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

func TestJudgeGateways(t *testing.T) {
	knows := func(name string, gateways ...istio.NetworkGateway) istio.Istiod {
		return istio.Istiod{Pod: istio.Pod{Name: name, Ready: true}, Networks: istio.Read(gateways)}
	}
	east := []istio.NetworkGateway{{Network: "east", Address: "192.0.2.2", Port: names.CrossPort}, {Network: "east", Address: "192.0.2.1", Port: names.CrossPort}, {Network: "west", Address: "192.0.2.9", Port: names.CrossPort}}
	late := istio.Istiod{Networks: istio.NotRead[[]istio.NetworkGateway](istio.Unknown{What: "networks of i2", Reason: istio.Unanswered})}
	tests := []struct {
		name     string
		istiods  []istio.Istiod
		networks []string
		want     kube.State
	}{
		{"known, with an address for each zone", []istio.Istiod{knows("i1", east...)}, []string{"east"}, kube.State{Met: true, Seen: "i1: east at 192.0.2.1 192.0.2.2"}},
		{"its name does not resolve yet", []istio.Istiod{knows("i1")}, []string{"east"}, kube.State{Seen: "i1: east nowhere"}},
		{"one of two networks", []istio.Istiod{knows("i1", east...)}, []string{"east", "north"}, kube.State{Seen: "i1: east at 192.0.2.1 192.0.2.2, north nowhere"}},
		{"one istiod of two lags", []istio.Istiod{knows("i1", east...), knows("i2")}, []string{"east"}, kube.State{Seen: "i1: east at 192.0.2.1 192.0.2.2; i2: east nowhere"}},
		{"one does not answer", []istio.Istiod{knows("i1", east...), late}, []string{"east"}, kube.State{Seen: "i1: east at 192.0.2.1 192.0.2.2; networks of i2: unanswered"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, judgeGateways(test.istiods, test.networks)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
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
