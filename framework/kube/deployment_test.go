package kube

import (
	"context"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

func toUnstructured(t *testing.T, obj runtime.Object) *unstructured.Unstructured {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: content}
}

func TestRolledOut(t *testing.T) {
	two := int32(2)
	zero := int32(0)
	deployment := func(replicas *int32, generation int64, status appsv1.DeploymentStatus) *appsv1.Deployment {
		return &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Generation: generation},
			Spec:       appsv1.DeploymentSpec{Replicas: replicas},
			Status:     status,
		}
	}
	tests := []struct {
		name string
		d    *appsv1.Deployment
		met  bool
		seen string
	}{
		{name: "absent", seen: "no such deployment"},
		{
			name: "available", met: true,
			d: deployment(&two, 3, appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2}),
		},
		{
			name: "the default is one replica", met: true,
			d: deployment(nil, 1, appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}),
		},
		{
			name: "a status of the generation before is not believed",
			d:    deployment(&two, 3, appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2}),
		},
		{
			name: "a pod of the old revision is left", seen: "3 in all",
			d: deployment(&two, 3, appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 3, UpdatedReplicas: 2, AvailableReplicas: 2}),
		},
		{name: "scaled to zero", met: true, d: deployment(&zero, 1, appsv1.DeploymentStatus{ObservedGeneration: 1})},
		{
			name: "why there are no pods is reported", seen: "FailedCreate: quota exceeded",
			d: deployment(nil, 1, appsv1.DeploymentStatus{ObservedGeneration: 1, Conditions: []appsv1.DeploymentCondition{{
				Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "quota exceeded",
			}}}),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var objects []*unstructured.Unstructured
			if test.d != nil {
				objects = append(objects, toUnstructured(t, test.d))
			}
			got := rolledOut(objects)
			if got.Met != test.met || !strings.Contains(got.Seen, test.seen) {
				t.Errorf("want met %v and %q seen, got %+v", test.met, test.seen, got)
			}
		})
	}
}

// Whose fault it is that there are no pods decides whether the mesh is blamed.
func TestRefusedPods(t *testing.T) {
	tests := map[string]struct{ message, want string }{
		"a quota":                {`pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=5, limited: pods=5`, "quota"},
		"Pod Security":           {`pods "x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false`, "Pod Security"},
		"a policy":               {`admission webhook "validate.kyverno.svc" denied the request: images must be signed`, "refuses the pods"},
		"a webhook that is down": {`Internal error occurred: failed calling webhook "check.example.org": connection refused`, "does not answer"},
		"Istio's own injector":   {`Internal error occurred: failed calling webhook "rev.namespace.sidecar-injector.istio.io": no endpoints available`, ""},
		"something else":         {`serviceaccount "x" not found`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := refusedPods(appsv1.DeploymentStatus{Conditions: []appsv1.DeploymentCondition{{
				Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: test.message,
			}}})
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}

// A pod for which no node was found is reported, and may still find one.
func TestUnscheduledPodsAreTold(t *testing.T) {
	pod := corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: "0/3 nodes are available: 3 Insufficient cpu",
	}}}}
	var seen seenObstacle
	if err := seen.see([]*unstructured.Unstructured{toUnstructured(t, &pod)}); err != nil {
		t.Errorf("want hope, got %v", err)
	}
	err := seen.addTo(&UnmetError{Cause: context.DeadlineExceeded})
	var unmet *UnmetError
	if !errors.As(err, &unmet) || unmet.Outside == "" || !strings.Contains(err.Error(), "Insufficient cpu") {
		t.Errorf("want the reason reported and the mesh not blamed, got %v", err)
	}
}

func waiting(image, reason string, restarts int32) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name: "c", Image: image, RestartCount: restarts,
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "said the kubelet"}},
	}
}

func TestHopeless(t *testing.T) {
	now := metav1.Now()
	tests := []struct {
		name string
		pod  corev1.Pod
		want string // empty: there is hope
	}{
		{name: "new pod"},
		{
			name: "starting",
			pod:  corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waiting("x", "ContainerCreating", 0)}}},
		},
		{
			name: "not injected",
			pod:  corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waiting("auto", "ImagePullBackOff", 0)}}},
			want: `the injector has not replaced image "auto"`,
		},
		{
			name: "a pull that fails may succeed later",
			pod:  corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waiting("istio/pilot:1", "ImagePullBackOff", 0)}}},
		},
		{
			name: "a secret is missing, in an init container",
			pod:  corev1.Pod{Status: corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{waiting("x", "CreateContainerConfigError", 0)}}},
			want: "said the kubelet; correct what the container refers to",
		},
		{
			name: "first crashes",
			pod:  corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waiting("x", "CrashLoopBackOff", 2)}}},
		},
		{
			name: "crashes again and again",
			pod:  corev1.Pod{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waiting("x", "CrashLoopBackOff", 5)}}},
			want: "read the container's log",
		},
		{
			name: "on its way out",
			pod: corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now},
				Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{waiting("auto", "ImagePullBackOff", 0)}},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Unrecoverable(toUnstructured(t, &test.pod))
			if (err != nil) != (test.want != "") || !strings.Contains(errText(err), test.want) {
				t.Errorf("want %q, got %v", test.want, err)
			}
		})
	}
}

// A wait that was in vain says why: the count of replicas alone does not.
func TestSeenObstacleIsAddedToAWaitInVain(t *testing.T) {
	pod := func(statuses ...corev1.ContainerStatus) *unstructured.Unstructured {
		return toUnstructured(t, &corev1.Pod{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
			ObjectMeta: metav1.ObjectMeta{Namespace: "sample", Name: "sleep-1"},
			Status:     corev1.PodStatus{ContainerStatuses: statuses},
		})
	}
	creating := pod(waiting("x", "ContainerCreating", 0))
	tests := []struct {
		name     string
		pods     []*unstructured.Unstructured
		ends     bool   // at once
		says     string // empty: nothing is added
		unpulled string
	}{
		{name: "no pods"},
		{name: "a pod that starts", pods: []*unstructured.Unstructured{creating}},
		{
			name: "a pull that fails", pods: []*unstructured.Unstructured{creating, pod(waiting("curl:1", "ImagePullBackOff", 0))},
			says: "0 available; Pod sample/sleep-1, container c: ImagePullBackOff: said the kubelet", unpulled: "c",
		},
		{
			name: "a crash", pods: []*unstructured.Unstructured{pod(waiting("curl:1", "CrashLoopBackOff", 1))},
			says: "container c: CrashLoopBackOff",
		},
		{
			name: "what is hopeless before what may pass", ends: true,
			pods: []*unstructured.Unstructured{pod(waiting("curl:1", "ImagePullBackOff", 0)), pod(waiting("curl:1", "CrashLoopBackOff", 5))},
			says: "read the container's log",
		},
		{
			name: "an image that may not be pulled", ends: true, pods: []*unstructured.Unstructured{pod(waiting("curl:1", "ErrImageNeverPull", 0))},
			says: "load it or change the pull policy", unpulled: "c",
		},
		{
			name: "image auto is no image", ends: true, pods: []*unstructured.Unstructured{pod(waiting("auto", "ImagePullBackOff", 0))},
			says: "the injector has not replaced",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var seen seenObstacle
			unmet := &UnmetError{Seen: "1 wanted, 0 available", Cause: context.DeadlineExceeded}
			if err := seen.see(test.pods); err != nil {
				unmet.Cause = err
			}
			if ended := !errors.Is(unmet, context.DeadlineExceeded); ended != test.ends {
				t.Errorf("want the wait ended: %v, got %v", test.ends, unmet.Cause)
			}
			got := seen.addTo(unmet).Error()
			if !strings.Contains(got, test.says) || test.says == "" && strings.Contains(got, "container") {
				t.Errorf("want %q, got %s", test.says, got)
			}
			if unmet.ImagePullFailed != test.unpulled {
				t.Errorf("want the image of %q to be what was lacking, got %q", test.unpulled, unmet.ImagePullFailed)
			}
		})
	}
	var seen seenObstacle
	if err := seen.see([]*unstructured.Unstructured{pod(waiting("curl:1", "ImagePullBackOff", 0))}); err != nil {
		t.Errorf("a pull may succeed later: %v", err)
	}
	interrupted := &UnmetError{Cause: context.Canceled}
	if got := seen.addTo(interrupted).Error(); strings.Contains(got, "ImagePullBackOff") || interrupted.ImagePullFailed != "" {
		t.Errorf("an interrupted wait was not for a pod: %s", got)
	}
	if err := seen.addTo(nil); err != nil {
		t.Errorf("a wait that was met: %v", err)
	}
	if err := seen.see([]*unstructured.Unstructured{creating}); err != nil { // it has passed
		t.Error(err)
	}
	if got := seen.addTo(&UnmetError{Cause: context.DeadlineExceeded}).Error(); strings.Contains(got, "Pod") {
		t.Errorf("want nothing of a pod that starts, got %s", got)
	}
}
