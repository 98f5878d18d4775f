//go:build apiserver

package mesh

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// TestAPIServerGatewayParity compares our rendering of the east-west gateway
// with what Istio's own script prints. It needs no API server, but the script,
// which lies beside the lab's istioctl.
func TestAPIServerGatewayParity(t *testing.T) {
	tests := []struct {
		args string
		opts GatewayOptions
	}{
		{"--network network1", GatewayOptions{Network: "network1"}},
		{"--network network1 --revision asm-1289-4", GatewayOptions{Network: "network1", Revision: "asm-1289-4"}},
		{"--revision default --network network-2.x_y", GatewayOptions{Network: "network-2.x_y", Revision: "default"}},
		{"--mesh proj-123 --cluster cn-fleet-global-west --network default --revision asm-11910-9", GatewayOptions{Network: "default", Revision: "asm-11910-9"}},
		{"--single-cluster", GatewayOptions{SingleCluster: true}},
		{"--single-cluster --revision asm-1289-4", GatewayOptions{SingleCluster: true, Revision: "asm-1289-4"}},
		{"--single-cluster --network network1", GatewayOptions{SingleCluster: true, Network: "network1"}},
		{"--network network1 --single-cluster --revision canary --mesh m --cluster c", GatewayOptions{SingleCluster: true, Network: "network1", Revision: "canary"}},
	}
	for _, test := range tests {
		t.Run(test.args, func(t *testing.T) {
			printed, err := genGateway(t, test.args).Output()
			if err != nil {
				t.Fatal(err)
			}
			rendered, err := GatewayOperator(test.opts)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(document(t, printed), document(t, rendered)); diff != "" {
				t.Errorf("script and rendering differ (-script +ours):\n%s", diff)
			}
		})
	}
}

// TestAPIServerGatewayParityOfRefusals: where the script refuses we do too, and
// it does so on its standard output.
func TestAPIServerGatewayParityOfRefusals(t *testing.T) {
	for _, args := range []string{"", "--revision asm-1", "--mesh m --cluster c"} {
		output, err := genGateway(t, args).Output()
		if err == nil || !strings.Contains(string(output), "Must specify either") {
			t.Errorf("%q: want the script to refuse on its standard output, got %q, %v", args, output, err)
		}
	}
	if _, err := GatewayOperator(GatewayOptions{Revision: "asm-1"}); err == nil {
		t.Error("want our rendering to refuse too")
	}
}

func genGateway(t *testing.T, args string) *exec.Cmd {
	t.Helper()
	script := filepath.Join(os.Getenv("EASTWEST_PARTS_BIN"), "gen-eastwest-gateway.sh")
	command := exec.CommandContext(t.Context(), "bash", append([]string{script}, strings.Fields(args)...)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")} // the script also takes NETWORK from its environment
	return command
}

func document(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var read map[string]any
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return read
}

// TestAPIServerProbeIstioctl asks the lab's istioctl, which is of Istio's own
// source: from 1.24 on that refuses the guide's "spec.values".
func TestAPIServerProbeIstioctl(t *testing.T) {
	path := filepath.Join(os.Getenv("EASTWEST_PARTS_BIN"), "istioctl")
	got, err := ProbeIstioctl(t.Context(), path, kube.LocalBounds())
	if err != nil {
		t.Fatal(err)
	}
	if got.ValuesPath != "values" || !got.Release.AtLeast(cell.Version{Major: 1, Minor: 24}) {
		t.Errorf("want an istioctl of 1.24 or later that takes values, got %+v", got)
	}
	err = istioctlProbe{path: path, site: &plan.Site{Bounds: kube.LocalBounds()}}.tryValues(t.Context(), "spec.values")
	if err == nil || !strings.Contains(err.Error(), "unknown field") {
		t.Errorf("want the guide's name refused for its unknown field, got %v", err)
	}
}
