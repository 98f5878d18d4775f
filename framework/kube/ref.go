package kube

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// Ref names one object of a cluster.
type Ref struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	// UID tells this object from a later one of the same name; empty when it is not known yet.
	UID types.UID `json:"uid,omitempty"`
}

// RefOf returns the Ref of an object.
func RefOf(obj *unstructured.Unstructured) Ref {
	return Ref{
		APIVersion: obj.GetAPIVersion(),
		Kind:       obj.GetKind(),
		Namespace:  obj.GetNamespace(),
		Name:       obj.GetName(),
		UID:        obj.GetUID(),
	}
}

// String is the short form for messages: "Deployment istio-system/istiod".
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + " " + r.Name
	}
	return r.Kind + " " + r.Namespace + "/" + r.Name
}

// GroupVersionKind parses the reference's API version and kind.
func (r Ref) GroupVersionKind() schema.GroupVersionKind {
	return schema.FromAPIVersionAndKind(r.APIVersion, r.Kind)
}

// Get reads the object that ref names. A UID in ref is not compared.
func (c *Client) Get(ctx context.Context, ref Ref) (*unstructured.Unstructured, error) {
	resource, err := c.resource(ref)
	if err != nil {
		return nil, c.fail("get", ref, err)
	}
	obj, err := resource.Get(ctx, ref.Name, metav1.GetOptions{})
	if err != nil {
		return nil, c.fail("get", ref, err)
	}
	return obj, nil
}

// resource returns the dynamic client for ref's kind and namespace. A kind
// that is unknown is looked up once more after discovery, since its CRD may
// be younger than what was discovered.
func (c *Client) resource(ref Ref) (dynamic.ResourceInterface, error) {
	gvk := ref.GroupVersionKind()
	mapping, err := c.Mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		c.Mapper.Reset()
		mapping, err = c.Mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	}
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return c.Dynamic.Resource(mapping.Resource), nil
	}
	if ref.Namespace == "" {
		return nil, fmt.Errorf("%s needs a namespace", ref.Kind)
	}
	return c.Dynamic.Resource(mapping.Resource).Namespace(ref.Namespace), nil
}

// fail wraps err with what was tried on which object of which cluster.
func (c *Client) fail(verb string, ref Ref, err error) error {
	return fmt.Errorf("%s %s on cluster %q: %w", verb, ref, c.Name, err)
}
