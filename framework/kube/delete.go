package kube

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Delete asks for the object's deletion and does not wait for it: AwaitGone
// does. Only the object with ref's UID is deleted; an object (or its whole
// kind) that is gone already is a success.
func (c *Client) Delete(ctx context.Context, ref Ref) error {
	resource, err := c.resource(ref)
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return c.fail("delete", ref, err)
	}
	policy := propagation(ref)
	opts := metav1.DeleteOptions{PropagationPolicy: &policy}
	if ref.UID != "" {
		opts.Preconditions = metav1.NewUIDPreconditions(string(ref.UID))
	}
	err = resource.Delete(ctx, ref.Name, opts)
	// A conflict means that the UID differs: the object that ref names is gone.
	if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return c.fail("delete", ref, err)
}

// propagation makes a workload go only after its pods, so that its being gone
// means that nothing of it runs any more. All else goes at once.
func propagation(ref Ref) metav1.DeletionPropagation {
	switch ref.GroupVersionKind().Group {
	case "apps", "batch":
		return metav1.DeletePropagationForeground
	}
	return metav1.DeletePropagationBackground
}

// AwaitGone waits until the object with ref's UID no longer exists. What it
// last saw names the finalizers that still hold the object.
func (c *Client) AwaitGone(ctx context.Context, ref Ref, bounds Bounds) error {
	if _, err := c.resource(ref); meta.IsNoMatchError(err) {
		return nil
	}
	return c.Await(ctx, Wait{
		For:   ref.String() + " gone",
		Bound: bounds.Gone,
		Watch: Object(ref),
		Until: func(objects []*unstructured.Unstructured) State {
			for _, obj := range objects {
				if ref.UID == "" || obj.GetUID() == ref.UID {
					return State{Seen: goneSeen(obj)}
				}
			}
			return State{Met: true, Seen: "gone"}
		},
	})
}

func goneSeen(obj *unstructured.Unstructured) string {
	seen := "exists"
	if obj.GetDeletionTimestamp() != nil {
		seen = "being deleted"
	}
	for _, finalizer := range obj.GetFinalizers() {
		seen += ", finalizer " + finalizer
	}
	return seen
}

// DeletePods asks for the deletion of every pod in the namespace, one by one:
// who may delete pods is not always allowed to delete the collection. It does
// not wait for them: AwaitNoPods does.
func (c *Client) DeletePods(ctx context.Context, namespace string) error {
	pods, err := c.Kubernetes.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return c.fail("list", Ref{Kind: "Pod", Namespace: namespace, Name: "*"}, err)
	}
	var errs []error
	for _, pod := range pods.Items {
		ref := Ref{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: pod.Name, UID: pod.UID}
		errs = append(errs, c.Delete(ctx, ref))
	}
	return errors.Join(errs...)
}

// AwaitNoPods waits until no pod is left in the namespace.
func (c *Client) AwaitNoPods(ctx context.Context, namespace string, bounds Bounds) error {
	return c.Await(ctx, Wait{
		For:   "no pod in Namespace " + namespace,
		Bound: bounds.Gone,
		Watch: Selected(Selection{APIVersion: "v1", Kind: "Pod", Namespace: namespace}),
		Until: func(pods []*unstructured.Unstructured) State {
			if len(pods) == 0 {
				return State{Met: true, Seen: "none"}
			}
			return State{Seen: fmt.Sprintf("%d, such as %s: %s", len(pods), pods[0].GetName(), goneSeen(pods[0]))}
		},
	})
}
