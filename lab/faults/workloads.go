package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// rolloutBound is how long a Deployment of the lab may take to roll out.
const rolloutBound = 2 * time.Minute

const istiodSelector = "app=istiod"

func stopIstiod(ctx context.Context, t *target) error {
	d, err := t.istiod(ctx)
	if err != nil {
		return err
	}
	if err := t.keep(d.Spec.Replicas); err != nil {
		return err
	}
	if err := t.scale(ctx, d.Name, 0); err != nil {
		return err
	}
	return t.awaitRollout(ctx, istioSystem, d.Name)
}

func startIstiod(ctx context.Context, t *target) error {
	var replicas *int32
	if err := t.recall(&replicas); err != nil {
		return err
	}
	d, err := t.istiod(ctx)
	if err != nil {
		return err
	}
	n := int32(1)
	if replicas != nil {
		n = *replicas
	}
	if err := t.scale(ctx, d.Name, n); err != nil {
		return err
	}
	if err := t.awaitRollout(ctx, istioSystem, d.Name); err != nil {
		return err
	}
	return t.forget()
}

func (t *target) istiod(ctx context.Context) (*appsv1.Deployment, error) {
	list, err := t.kube.AppsV1().Deployments(istioSystem).List(ctx, metav1.ListOptions{LabelSelector: istiodSelector})
	if err != nil {
		return nil, err
	}
	if len(list.Items) != 1 {
		return nil, fmt.Errorf("want one Deployment labelled %s in %s, found %d", istiodSelector, istioSystem, len(list.Items))
	}
	return &list.Items[0], nil
}

func (t *target) scale(ctx context.Context, name string, n int32) error {
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, n)
	_, err := t.kube.AppsV1().Deployments(istioSystem).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

// restart replaces a Deployment's pods, as kubectl rollout restart does, and
// waits until the new ones are available.
func (t *target) restart(ctx context.Context, namespace, name string) error {
	patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, time.Now().Format(time.RFC3339Nano))
	if _, err := t.kube.AppsV1().Deployments(namespace).Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return err
	}
	return t.awaitRollout(ctx, namespace, name)
}

func (t *target) awaitRollout(ctx context.Context, namespace, name string) error {
	ctx, cancel := context.WithTimeout(ctx, rolloutBound)
	defer cancel()
	client := t.kube.AppsV1().Deployments(namespace)
	only := fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = only
			return client.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = only
			return client.Watch(ctx, o)
		},
	}
	_, err := watchtools.UntilWithSync(ctx, lw, &appsv1.Deployment{}, nil, func(e watch.Event) (bool, error) {
		if e.Type == watch.Deleted {
			return false, errors.New("it was deleted")
		}
		d, ok := e.Object.(*appsv1.Deployment)
		return ok && rolledOut(d), nil
	})
	if err != nil {
		return fmt.Errorf("await the rollout of Deployment %s/%s within %s: %w", namespace, name, rolloutBound, err)
	}
	return nil
}

// rolledOut believes the status only at the current generation.
func rolledOut(d *appsv1.Deployment) bool {
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	s := d.Status
	return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == want && s.AvailableReplicas == want && s.Replicas == want
}
