package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// TryPods asks the API server, in a dry run, to admit pods, and returns why some would be
// refused (by Pod Security, a quota, a webhook) or would not get the sidecar of the
// revision. Nothing is made. Their namespace must exist.
func TryPods(ctx context.Context, client *kube.Client, pods []*corev1.Pod, revision string) ([]string, error) {
	var refused []string
	for _, pod := range pods {
		admitted, err := client.Kubernetes.CoreV1().Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{
			DryRun: []string{metav1.DryRunAll}, FieldManager: kube.FieldManager,
		})
		switch {
		case denied(err):
			refused = append(refused, fmt.Sprintf("a pod like %s is not admitted: %v", pod.Name, err))
		case err != nil:
			return nil, fmt.Errorf("try a pod like %s in namespace %s: %w", pod.Name, pod.Namespace, err)
		default:
			if problem := wrongSidecar(admitted, revision); problem != "" {
				refused = append(refused, fmt.Sprintf("a pod like %s %s", pod.Name, problem))
			}
		}
	}
	return refused, nil
}

// denied is true for an answer of admission control, which stays the same until somebody
// changes something.
func denied(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)
}

// What can be wrong with a sidecar.
const (
	noSidecar              = "gets no sidecar: the labels of its namespace select no injector, or another one that did nothing"
	sidecarUnasked         = "gets a sidecar although its label " + names.Inject + " says false"
	sidecarOfOtherRevision = "gets a sidecar of revision %q, want %q"
)

// wrongSidecar is what is wrong with the sidecar that a pod was given; empty for nothing.
func wrongSidecar(pod *corev1.Pod, revision string) string {
	injected := slices.ContainsFunc(slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers),
		func(c corev1.Container) bool { return c.Name == names.Proxy })
	switch unwanted := pod.Labels[names.Inject] == "false"; {
	case unwanted && injected:
		return sidecarUnasked
	case unwanted:
		return ""
	case !injected:
		return noSidecar
	}
	var status struct {
		Revision string `json:"revision"`
	}
	// An injector that does not say its revision is not contradicted.
	if err := json.Unmarshal([]byte(pod.Annotations[names.SidecarStatus]), &status); err == nil && status.Revision != "" && status.Revision != revision {
		return fmt.Sprintf(sidecarOfOtherRevision, status.Revision, revision)
	}
	return ""
}
