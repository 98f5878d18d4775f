package faults

import (
	"context"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"
)

// object names an object of the cluster.
type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

func (o object) String() string { return fmt.Sprintf("%s %s/%s", o.Kind, o.Namespace, o.Name) }

// objectOf is the name of what was read or is to be made.
func objectOf(u *unstructured.Unstructured) object {
	return object{APIVersion: u.GetAPIVersion(), Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
}

// resource is the client for objects of a kind and namespace.
func (t *target) resource(o object) (dynamic.ResourceInterface, error) {
	kind := schema.FromAPIVersionAndKind(o.APIVersion, o.Kind)
	mapping, err := t.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, fmt.Errorf("find the resource of kind %s: %w", o.Kind, err)
	}
	return t.dynamic.Resource(mapping.Resource).Namespace(o.Namespace), nil
}

// madeBy is the label of what a fault has made: only that is deleted when it is mended.
const madeBy = "eastwest.dev/lab-fault"

// put makes an object, or replaces the one that is there, which is kept.
func (t *target) put(ctx context.Context, u *unstructured.Unstructured) error {
	o := objectOf(u)
	client, err := t.resource(o)
	if err != nil {
		return err
	}
	was, err := client.Get(ctx, o.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		if err := t.keep(o, nil); err != nil {
			return err
		}
		labels := maps.Clone(u.GetLabels())
		if labels == nil {
			labels = map[string]string{}
		}
		labels[madeBy] = t.fault
		u.SetLabels(labels)
		_, err = client.Create(ctx, u, metav1.CreateOptions{})
	case err == nil:
		if err := t.keep(o, was); err != nil {
			return err
		}
		u.SetResourceVersion(was.GetResourceVersion())
		_, err = client.Update(ctx, u, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("make %s: %w", o, err)
	}
	return nil
}

// change keeps an object and changes it.
func (t *target) change(ctx context.Context, o object, edit func(*unstructured.Unstructured) error) error {
	client, err := t.resource(o)
	if err != nil {
		return err
	}
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		u, err := client.Get(ctx, o.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if err := t.keep(o, u.DeepCopy()); err != nil {
			return err
		}
		if err := edit(u); err != nil {
			return err
		}
		_, err = client.Update(ctx, u, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("change %s: %w", o, err)
	}
	return nil
}

// takeAway keeps an object and deletes it.
func (t *target) takeAway(ctx context.Context, o object) error {
	client, err := t.resource(o)
	if err != nil {
		return err
	}
	u, err := client.Get(ctx, o.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := t.keep(o, u); err != nil {
		return err
	}
	return client.Delete(ctx, o.Name, metav1.DeleteOptions{})
}

// restoreAll makes every object what it was, the last one that was touched first, and
// waits for Deployments to roll out again.
func (t *target) restoreAll(ctx context.Context) error {
	for _, k := range slices.Backward(t.kept) {
		if err := t.restore(ctx, k); err != nil {
			return fmt.Errorf("restore %s: %w", k.Object, err)
		}
	}
	for _, k := range t.kept {
		if k.Object.Kind == "Deployment" && k.Was != nil {
			if err := t.awaitRollout(ctx, k.Object.Namespace, k.Object.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// restore also does so where somebody has mended the object meanwhile, or made it anew.
func (t *target) restore(ctx context.Context, k kept) error {
	client, err := t.resource(k.Object)
	if err != nil {
		return err
	}
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		now, err := client.Get(ctx, k.Object.Name, metav1.GetOptions{})
		missing := apierrors.IsNotFound(err)
		if err != nil && !missing {
			return err
		}
		switch {
		case k.Was == nil && (missing || now.GetLabels()[madeBy] != t.fault):
			return nil
		case k.Was == nil:
			uid := now.GetUID()
			err := client.Delete(ctx, k.Object.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
			if apierrors.IsNotFound(err) {
				return nil
			}
			return err
		}
		was := k.Was.DeepCopy()
		was.SetManagedFields(nil)
		if missing {
			was.SetUID("")
			was.SetResourceVersion("")
			_, err = client.Create(ctx, was, metav1.CreateOptions{})
			return err
		}
		was.SetUID(now.GetUID())
		was.SetResourceVersion(now.GetResourceVersion())
		_, err = client.Update(ctx, was, metav1.UpdateOptions{})
		if !apierrors.IsInvalid(err) {
			return err
		}
		// It was made anew, and differs in what cannot be changed, such as a Service's address.
		uid := now.GetUID()
		if err := client.Delete(ctx, k.Object.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}); err != nil {
			return err
		}
		was.SetUID("")
		was.SetResourceVersion("")
		_, err = client.Create(ctx, was, metav1.CreateOptions{})
		return err
	})
}
