package ledger

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestWhatAnInventoryLeavesOut(t *testing.T) {
	for _, c := range []struct {
		name     string
		metadata map[string]any
		ignored  bool
	}{
		{"what controllers elect a leader with", map[string]any{
			"name": "istio-ip-autoallocate", "annotations": map[string]any{leaderAnnotation: `{"holderIdentity":"istiod"}`},
		}, true},
		{"what is put into every namespace", map[string]any{"name": "kube-root-ca.crt"}, true},
		{"what a controller owns", map[string]any{
			"name": "owned", "ownerReferences": []any{map[string]any{"kind": "Deployment", "name": "d", "controller": true}},
		}, true},
		{"what a person made", map[string]any{"name": "settings"}, false},
		{"what a person annotated", map[string]any{"name": "settings", "annotations": map[string]any{"note": "mine"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": c.metadata}}
			if got := ignoredObject(obj); got != c.ignored {
				t.Errorf("ignored: got %v, want %v", got, c.ignored)
			}
		})
	}
}

// TestIstiodMayFinishItsWebhooks: istiod writes into them when it likes; what a
// person changes still shows.
func TestIstiodMayFinishItsWebhooks(t *testing.T) {
	hash := func(ca, policy, service string) string {
		t.Helper()
		content, err := contentHash(&unstructured.Unstructured{Object: map[string]any{
			"kind": "ValidatingWebhookConfiguration", "metadata": map[string]any{"name": "istio-validator-istio-system"},
			"webhooks": []any{map[string]any{
				"name": "rev.validation.istio.io", "failurePolicy": policy,
				"clientConfig": map[string]any{"caBundle": ca, "service": map[string]any{"name": service}},
			}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	if hash("", "Ignore", "istiod") != hash("Y2E=", "Fail", "istiod") {
		t.Error("want what istiod writes left out")
	}
	if hash("", "Ignore", "istiod") == hash("", "Ignore", "istiod-canary") {
		t.Error("want another service of the webhook to show")
	}
}
