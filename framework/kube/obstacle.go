package kube

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Hopeless returns why a pod can no longer become ready without somebody
// changing something, or nil. What may pass by itself is not hopeless: a pull
// that fails once, a node that is full, a crash that a restart may cure.
func Hopeless(pod *unstructured.Unstructured) error {
	var p corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(pod.Object, &p); err != nil {
		return fmt.Errorf("read %s: %w", RefOf(pod), err)
	}
	if p.DeletionTimestamp != nil {
		return nil
	}
	for _, status := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if advice := hopelessAdvice(status); advice != "" {
			return fmt.Errorf("%s, container %s: %s: %s; %s", RefOf(pod), status.Name,
				status.State.Waiting.Reason, status.State.Waiting.Message, advice)
		}
	}
	return nil
}

// trouble tells what keeps a container of the pod from running, which may pass by
// itself; empty for none.
func trouble(pod *unstructured.Unstructured) string {
	var p corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(pod.Object, &p); err != nil || p.DeletionTimestamp != nil {
		return "" // Hopeless tells the error
	}
	for _, status := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		waiting := status.State.Waiting
		if waiting == nil || waiting.Reason == "ContainerCreating" || waiting.Reason == "PodInitializing" || waiting.Reason == "" {
			continue
		}
		return fmt.Sprintf("%s, container %s: %s: %s", RefOf(pod), status.Name, waiting.Reason, waiting.Message)
	}
	return ""
}

// manyRestarts is how often a container may crash before a wait gives up: a
// program that waits for its peers by crashing gets through in fewer.
const manyRestarts = 5

func hopelessAdvice(status corev1.ContainerStatus) string {
	waiting := status.State.Waiting
	if waiting == nil {
		return ""
	}
	// The kubelet's own words, pkg/kubelet/images/types.go and
	// pkg/kubelet/kuberuntime/kuberuntime_container.go.
	switch waiting.Reason {
	case "ErrImagePull", "ImagePullBackOff":
		if status.Image == "auto" {
			return "the injector has not replaced image \"auto\": istiod of the pod's revision was not ready when the pod was made, or no webhook matches it; delete the pod once istiod is ready"
		}
	case "ErrImageNeverPull":
		return "the image is not on the node and may not be pulled; load it or change the pull policy"
	case "InvalidImageName":
		return "correct the image's name"
	case "CreateContainerConfigError":
		return "correct what the container refers to (a Secret, a ConfigMap, a numeric user)"
	case "CrashLoopBackOff":
		if status.RestartCount >= manyRestarts {
			return "read the container's log"
		}
	}
	return ""
}
