package mesh

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestGatewayOperatorOfASingleClusterHasNoNetwork(t *testing.T) {
	for _, opts := range []GatewayOptions{{SingleCluster: true}, {SingleCluster: true, Network: "network1"}} {
		manifest, err := GatewayOperator(opts)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(manifest)), "network:") || strings.Contains(string(manifest), "NETWORK_VIEW") {
			t.Errorf("%+v has a network:\n%s", opts, manifest)
		}
	}
	if _, err := GatewayOperator(GatewayOptions{}); err == nil {
		t.Error("want a gateway that leads nowhere refused, as the script does")
	}
}

// TestGatewayOperatorKeepsStrings: the script itself would print a number or a
// boolean for such a network, which no label may be.
func TestGatewayOperatorKeepsStrings(t *testing.T) {
	for _, network := range []string{"1", "true", "1e3", "network1"} {
		manifest, err := GatewayOperator(GatewayOptions{Network: network})
		if err != nil {
			t.Fatal(err)
		}
		var operator struct {
			Spec struct {
				Values struct{ Global struct{ Network any } }
			}
		}
		if err := yaml.Unmarshal(manifest, &operator); err != nil {
			t.Fatal(err)
		}
		if got := operator.Spec.Values.Global.Network; got != network {
			t.Errorf("want the string %q, got %#v", network, got)
		}
	}
}
