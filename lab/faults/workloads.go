package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// deployment is a Deployment by NAMESPACE/NAME.
type deployment string

const (
	istiod     deployment = "istio-system/istiod"
	theGateway deployment = "istio-system/istio-eastwestgateway"
	sleep      deployment = "sample/sleep"
)

func (d deployment) parts() (namespace, name string) {
	namespace, name, _ = strings.Cut(string(d), "/")
	return namespace, name
}

// object is the Deployment itself.
func (d deployment) object() object {
	namespace, name := d.parts()
	return object{"apps/v1", "Deployment", namespace, name}
}

// restart has new pods made, when breaking and again when mending.
func restart(all ...deployment) step {
	do := func(ctx context.Context, t *target) error {
		for _, d := range all {
			if err := t.restart(ctx, d); err != nil {
				return err
			}
		}
		return nil
	}
	return step{do: do, undo: do}
}

// restartAll does so for istiod, and then for all that have a proxy.
func restartAll() step {
	do := func(ctx context.Context, t *target) error {
		return errors.Join(t.restart(ctx, istiod), t.restartProxies(ctx))
	}
	return step{do: do, undo: do}
}

// respawnSleep deletes Sleep's pods, and does not wait for others: they may never come. When
// mending it waits.
func respawnSleep() step {
	return step{
		do: func(ctx context.Context, t *target) error {
			namespace, name := sleep.parts()
			found, err := t.kube.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			at := metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(found.Spec.Selector)}
			return t.kube.CoreV1().Pods(namespace).DeleteCollection(ctx, *metav1.NewDeleteOptions(1), at)
		},
		// The controller of the ReplicaSet tries again later and later; a new one at once.
		undo: func(ctx context.Context, t *target) error { return t.restart(ctx, sleep) },
	}
}

// rolledOut waits until the pods of a Deployment are those of its template.
func rolledOut(all ...deployment) step {
	return step{do: func(ctx context.Context, t *target) error {
		for _, d := range all {
			namespace, name := d.parts()
			if err := t.awaitRollout(ctx, namespace, name); err != nil {
				return err
			}
		}
		return nil
	}}
}

// restart replaces a Deployment's pods, as kubectl rollout restart does, and
// waits until the new ones are available.
func (t *target) restart(ctx context.Context, d deployment) error {
	namespace, name := d.parts()
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
		return ok && isRolledOut(d), nil
	})
	if err != nil {
		return fmt.Errorf("await the rollout of Deployment %s/%s within %s: %w", namespace, name, rolloutBound, err)
	}
	return nil
}

// isRolledOut believes the status only at the current generation.
func isRolledOut(d *appsv1.Deployment) bool {
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	s := d.Status
	return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == want && s.AvailableReplicas == want && s.Replicas == want
}
