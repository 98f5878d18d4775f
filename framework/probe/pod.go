package probe

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// ReadyPod returns the first Ready pod, by name, that the selector matches and
// that is not being deleted: an exec into a terminating pod would test what is
// about to vanish.
func ReadyPod(ctx context.Context, client *kube.Client, namespace, selector string) (*corev1.Pod, error) {
	ready, err := ReadyPods(ctx, client, namespace, selector)
	if err != nil {
		return nil, err
	}
	return &ready[0], nil
}

// ReadyPods returns every such pod, in order of name; none is an error that
// tells the state of those there are.
func ReadyPods(ctx context.Context, client *kube.Client, namespace, selector string) ([]corev1.Pod, error) {
	list, err := client.Kubernetes.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("list pods %s in namespace %s on cluster %q: %w", selector, namespace, client.Name, err)
	}
	ready, seen := choose(list.Items)
	if len(ready) == 0 {
		return nil, fmt.Errorf("cluster %q: want a ready pod %s in namespace %s, found %s", client.Name, selector, namespace, seen)
	}
	return ready, nil
}

// choose keeps the ready pods and tells of the others.
func choose(pods []corev1.Pod) (ready []corev1.Pod, seen string) {
	var others []string
	for _, pod := range pods {
		switch {
		case pod.DeletionTimestamp != nil:
			others = append(others, pod.Name+" (terminating)")
		case !PodReady(&pod):
			others = append(others, fmt.Sprintf("%s (%s, not ready)", pod.Name, pod.Status.Phase))
		default:
			ready = append(ready, pod)
		}
	}
	if len(others) == 0 {
		return ready, "none"
	}
	return ready, strings.Join(others, ", ")
}

// PodReady reports whether the pod's Ready condition is true.
func PodReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// HasProxy reports whether the pod has a sidecar, as a container or as a
// native sidecar: a restartable init container, which has no entry of its own
// among containerStatuses (Istio, ENABLE_NATIVE_SIDECARS).
func HasProxy(pod *corev1.Pod) bool {
	for _, containers := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for _, container := range containers {
			if container.Name == names.Proxy {
				return true
			}
		}
	}
	return false
}

// Injected reports whether Istio's injector has added a container of that name:
// istio-proxy, istio-init, istio-validation (manifests/charts/istio-control/
// istio-discovery/files/injection-template.yaml).
func Injected(container string) bool { return strings.HasPrefix(container, "istio-") }

// ProxyImage is the image of a pod's proxy as its specification names it, and the
// digest ("sha256:...") of what runs; empty where the pod does not tell.
func ProxyImage(pod *corev1.Pod) (image, digest string) {
	for _, container := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		if container.Name == names.Proxy {
			image, _, _ = strings.Cut(container.Image, "@")
		}
	}
	for _, status := range slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses) {
		if status.Name != names.Proxy {
			continue
		}
		// REPOSITORY@DIGEST, or the digest alone where the image was never pulled.
		digest = status.ImageID[strings.LastIndex(status.ImageID, "@")+1:]
		if !strings.HasPrefix(digest, "sha256:") {
			digest = ""
		}
	}
	return image, digest
}
