package mesh

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/fixtures"
)

// TestGatewayIsThePagesGateway compares the template with what
// gen-eastwest-gateway.sh --network network1 --revision asm-1 means, read
// from Istio samples/multicluster, the same from 1.19 to 1.31.
func TestGatewayIsThePagesGateway(t *testing.T) {
	manifest, err := fixtures.Render("eastwest-gateway.yaml.tmpl", map[string]any{"Network": "network1", "Revision": "asm-1"})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := yaml.Unmarshal(manifest, &got); err != nil {
		t.Fatal(err)
	}
	port := func(name string, number float64) any {
		return map[string]any{"name": name, "port": number, "targetPort": number}
	}
	want := map[string]any{
		"apiVersion": "install.istio.io/v1alpha1",
		"kind":       "IstioOperator",
		"metadata":   map[string]any{"name": "eastwest"},
		"spec": map[string]any{
			"revision": "asm-1",
			"profile":  "empty",
			"components": map[string]any{"ingressGateways": []any{map[string]any{
				"name":    "istio-eastwestgateway",
				"enabled": true,
				"label": map[string]any{
					"istio": "eastwestgateway", "app": "istio-eastwestgateway", "topology.istio.io/network": "network1",
				},
				"k8s": map[string]any{
					"env": []any{map[string]any{"name": "ISTIO_META_REQUESTED_NETWORK_VIEW", "value": "network1"}},
					"service": map[string]any{"ports": []any{
						port("status-port", 15021), port("tls", 15443), port("tls-istiod", 15012), port("tls-webhook", 15017),
					}},
				},
			}}},
			"values": map[string]any{
				"gateways": map[string]any{"istio-ingressgateway": map[string]any{"injectionTemplate": "gateway"}},
				"global": map[string]any{
					"network": "network1",
				},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRenderTellsWhatIsMissing(t *testing.T) {
	if _, err := fixtures.Render("eastwest-gateway.yaml.tmpl", map[string]any{"Network": "n"}); err == nil {
		t.Error("want an error: the template uses Revision")
	}
}
