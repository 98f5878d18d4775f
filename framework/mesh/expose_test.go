package mesh

import (
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/fixtures"
)

// fromSamples is the Gateway as the guide's folder has it: of no namespace.
const fromSamples = `apiVersion: networking.istio.io/v1alpha3
kind: Gateway
metadata: {name: cross-network-gateway}
spec:
  selector: {istio: eastwestgateway}
  servers:
    - port: {number: 15443, name: tls, protocol: TLS}
      tls: {mode: AUTO_PASSTHROUGH}
      hosts: ["*.local"]
`

func TestExposedBy(t *testing.T) {
	own, err := fixtures.Manifest("cross-network-gateway.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, content, wantErr string }{
		{"the guide's", fromSamples, ""},
		{"ours", string(own), ""},
		{"something beside it", fromSamples + "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: surprise}\n", "want the one Gateway cross-network-gateway, got"},
		{"nothing", "", "got nothing"},
		{"another Gateway", strings.Replace(fromSamples, "name: cross-network-gateway", "name: other", 1), "want the one Gateway"},
		{"the Gateway of another API", strings.Replace(fromSamples, "networking.istio.io", "gateway.networking.k8s.io", 1), "want the one Gateway"},
		{"another namespace", strings.Replace(fromSamples, "{name: cross", "{namespace: kube-system, name: cross", 1), "want the one Gateway"},
		{"every host", strings.Replace(fromSamples, `"*.local"`, `"*"`, 1), "is not the guide's"},
		{"plain TCP", strings.Replace(fromSamples, "AUTO_PASSTHROUGH", "PASSTHROUGH", 1), "is not the guide's"},
		{"another gateway's pods", strings.Replace(fromSamples, "eastwestgateway", "ingressgateway", 1), "is not the guide's"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			objects, err := exposedBy([]byte(test.content))
			if (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Fatalf("want error %q, got %v", test.wantErr, err)
			}
			if err == nil && (len(objects) != 1 || objects[0].GetNamespace() != "istio-system") {
				t.Errorf("want one object in istio-system, got %v", objects)
			}
		})
	}
}
