package kube

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Desired is a copy of what somebody wants of an object: all but its
// status, the bookkeeping of the API server, its identity, and what istiod
// writes into webhooks.
func Desired(obj *unstructured.Unstructured) map[string]any {
	content := obj.DeepCopy().Object
	delete(content, "status")
	if metadata, ok := content["metadata"].(map[string]any); ok {
		for _, bookkeeping := range []string{"managedFields", "resourceVersion", "generation", "selfLink", "uid", "creationTimestamp"} {
			delete(metadata, bookkeeping)
		}
	}
	dropWrittenByIstiod(content)
	return content
}

// dropWrittenByIstiod leaves out what istiod writes into webhook configurations
// on its own, some time after it started and whenever its certificate changes:
// the CA of every webhook, and with validators the policy on failure, which it
// raises once it can answer (Istio pkg/webhooks/validation/controller,
// pilot/pkg/bootstrap/certcontroller.go).
func dropWrittenByIstiod(content map[string]any) {
	webhooks, _ := content["webhooks"].([]any)
	for _, webhook := range webhooks {
		fields, ok := webhook.(map[string]any)
		if !ok {
			continue
		}
		if client, ok := fields["clientConfig"].(map[string]any); ok {
			delete(client, "caBundle")
		}
		if name, _ := fields["name"].(string); strings.HasSuffix(name, validatorSuffix) {
			delete(fields, "failurePolicy")
		}
	}
}

// validatorSuffix ends the names of istiod's validating webhooks
// (rev.validation.istio.io and validation.istio.io).
const validatorSuffix = "validation.istio.io"
