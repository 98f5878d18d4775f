package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// Deployment names a Deployment.
type Deployment struct {
	Namespace, Name string
}

func (d Deployment) ref() Ref {
	return Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: d.Namespace, Name: d.Name}
}

// AwaitDeployment waits until the Deployment's newest revision is fully rolled
// out and available. It also watches the Deployment's pods and stops at once
// when one is in a state that cannot recover, naming the pod and the reason. What
// else kept a pod from running is reported when the wait ends unmet.
func (c *Client) AwaitDeployment(ctx context.Context, deployment Deployment, bounds Bounds) error {
	ref := deployment.ref()
	found, err := c.Kubernetes.AppsV1().Deployments(deployment.Namespace).Get(ctx, deployment.Name, metav1.GetOptions{})
	if err != nil {
		return c.fail("await", ref, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	defer func() { cancel(nil); group.Wait() }()
	var seen seenObstacle
	if !judgeRollout(found).Met {
		group.Go(func() { c.watchForObstacles(ctx, found, &seen, cancel) })
	}
	err = c.Await(ctx, Wait{
		For:   ref.String() + " available",
		Bound: bounds.Deployment,
		Watch: Object(ref),
		Until: rolledOut,
	})
	return seen.addTo(err)
}

// seenObstacle is what was last seen to keep a pod of a deployment from running.
type seenObstacle struct {
	mu   sync.Mutex
	last obstacle
}

// see looks at all pods of the deployment. An error ends the wait: nothing will
// pass by itself any more.
func (s *seenObstacle) see(pods []*unstructured.Unstructured) error {
	var first obstacle
	for _, pod := range pods {
		found, err := findObstacle(pod)
		if err != nil {
			return err
		}
		if first.none() || first.advice == "" && found.advice != "" {
			first = found
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = first
	return first.hopeless()
}

// addTo adds it to what a wait that was not interrupted saw last.
func (s *seenObstacle) addTo(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var unmet *UnmetError
	if s.last.none() || !errors.As(err, &unmet) || errors.Is(err, context.Canceled) {
		return err
	}
	unmet.ImagePullFailed = s.last.unpulled()
	if s.last.reason == corev1.PodReasonUnschedulable {
		unmet.Outside = "no node has room for the pod, or none fits it"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		unmet.Seen += "; " + s.last.String()
	}
	return err
}

// watchForObstacles tells seen what keeps the deployment's pods from running, and
// cancels ctx with the reason as soon as one can no longer become ready.
func (c *Client) watchForObstacles(ctx context.Context, deployment *appsv1.Deployment, seen *seenObstacle, cancel context.CancelCauseFunc) {
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		cancel(c.fail("await", Deployment{deployment.Namespace, deployment.Name}.ref(), err))
		return
	}
	pods := Selected(Selection{APIVersion: "v1", Kind: "Pod", Namespace: deployment.Namespace, Labels: selector.String()})
	// What this watch cannot read, the wait for the Deployment reports.
	_ = c.watch(ctx, pods, func(objects []*unstructured.Unstructured) bool {
		err := seen.see(objects)
		if err != nil {
			cancel(err)
		}
		return err != nil
	}, func(error) {})
}

func rolledOut(objects []*unstructured.Unstructured) State {
	if len(objects) == 0 {
		return State{Seen: "no such deployment"}
	}
	var d appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[0].Object, &d); err != nil {
		return State{Fatal: err}
	}
	return judgeRollout(&d)
}

func judgeRollout(d *appsv1.Deployment) State {
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	s := d.Status
	state := State{Seen: fmt.Sprintf("%d wanted, %d updated, %d available, %d in all%s",
		want, s.UpdatedReplicas, s.AvailableReplicas, s.Replicas, deploymentTrouble(s))}
	state.Outside = refusedPods(s)
	state.Met = s.ObservedGeneration >= d.Generation &&
		s.UpdatedReplicas == want && s.Replicas == want && s.AvailableReplicas == want
	return state
}

// deploymentTrouble tells conditions that explain why nothing proceeds, such
// as a quota or a webhook that refuses pods.
func deploymentTrouble(status appsv1.DeploymentStatus) string {
	var trouble strings.Builder
	for _, condition := range status.Conditions {
		bad := condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue ||
			condition.Type == appsv1.DeploymentProgressing && condition.Status == corev1.ConditionFalse
		if bad {
			fmt.Fprintf(&trouble, "; %s: %s", condition.Reason, condition.Message)
		}
	}
	return trouble.String()
}

// injectors end the names of Istio's webhooks that fill in pods: one of them that fails is
// the mesh's own fault (Istio manifests/charts/istio-control/istio-discovery).
const injectors = "sidecar-injector.istio.io"

// refusedPods is why the API server takes no pods of a Deployment, where that is not the
// mesh's doing.
func refusedPods(status appsv1.DeploymentStatus) string {
	for _, condition := range status.Conditions {
		if condition.Type != appsv1.DeploymentReplicaFailure || condition.Status != corev1.ConditionTrue {
			continue
		}
		for _, known := range []struct{ sign, what string }{
			{injectors, ""},
			{"exceeded quota", "the namespace's quota is used up"},
			{"violates PodSecurity", "Pod Security forbids the pods"},
			{"admission webhook", "an admission webhook refuses the pods"},
			{"failed calling webhook", "an admission webhook does not answer"},
		} {
			if strings.Contains(condition.Message, known.sign) {
				return known.what
			}
		}
	}
	return ""
}

// ScaleDeployment sets the number of replicas and waits until exactly that many
// are there and available. Pods that are ending are not counted and not waited
// for: no Service sends anything to them.
func (c *Client) ScaleDeployment(ctx context.Context, deployment Deployment, replicas int32, bounds Bounds) error {
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)
	_, err := c.Kubernetes.AppsV1().Deployments(deployment.Namespace).Patch(ctx, deployment.Name,
		types.MergePatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
	if err != nil {
		return c.fail("scale", deployment.ref(), err)
	}
	return c.AwaitDeployment(ctx, deployment, bounds)
}
