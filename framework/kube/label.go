package kube

import (
	"context"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// SetLabel sets one label of the object with ref's UID, or removes it when
// value is nil. Nothing else of the object is changed.
func (c *Client) SetLabel(ctx context.Context, ref Ref, key string, value *string) error {
	metadata := map[string]any{"labels": map[string]any{key: value}}
	if ref.UID != "" {
		metadata["uid"] = ref.UID // a precondition: the server refuses another UID
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return c.fail("label", ref, err)
	}
	resource, err := c.resource(ref)
	if err != nil {
		return c.fail("label", ref, err)
	}
	_, err = resource.Patch(ctx, ref.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
	if err != nil {
		return c.fail("label", ref, err)
	}
	return nil
}
