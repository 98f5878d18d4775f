package kube

import (
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Unrecoverable returns why a pod can no longer become ready without somebody
// changing something, or nil. What may pass by itself is not hopeless: a pull
// that fails once, a node that is full, a crash that a restart may cure.
func Unrecoverable(pod *unstructured.Unstructured) error {
	found, err := findObstacle(pod)
	if err != nil {
		return err
	}
	return found.hopeless()
}

// obstacle is what keeps a container of a pod from running; the zero value is none.
type obstacle struct {
	pod       Ref
	container string
	// reason and message are the kubelet's.
	reason, message string
	// advice is what somebody must do; empty where the obstacle may pass by itself.
	advice string
}

func (o obstacle) none() bool { return o.reason == "" }

func (o obstacle) String() string {
	where := o.pod.String()
	if o.container != "" {
		where += ", container " + o.container
	}
	return fmt.Sprintf("%s: %s: %s", where, o.reason, o.message)
}

// hopeless is nil where there is hope.
func (o obstacle) hopeless() error {
	if o.advice == "" {
		return nil
	}
	return errors.New(o.String() + "; " + o.advice)
}

// unpulled names the container if its image cannot be had; empty otherwise. That
// image "auto" is none is not for lack of an image but of an injection.
func (o obstacle) unpulled() string {
	switch o.reason {
	case errImagePull, imagePullBackOff:
		if o.advice != "" {
			return ""
		}
	case errImageNeverPull, invalidImageName, errImageInspect, errRegistryUnavailable:
	default:
		return ""
	}
	return o.container
}

// The kubelet's own words, pkg/kubelet/images/types.go and
// pkg/kubelet/kuberuntime/kuberuntime_container.go.
const (
	errImagePull           = "ErrImagePull"
	imagePullBackOff       = "ImagePullBackOff"
	errImageNeverPull      = "ErrImageNeverPull"
	invalidImageName       = "InvalidImageName"
	errImageInspect        = "ImageInspectError"
	errRegistryUnavailable = "RegistryUnavailable"
)

// findObstacle gives what keeps a pod from running, first of all what will not
// pass by itself. What is being deleted or is only starting has none.
func findObstacle(pod *unstructured.Unstructured) (obstacle, error) {
	var p corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(pod.Object, &p); err != nil {
		return obstacle{}, fmt.Errorf("read %s: %w", RefOf(pod), err)
	}
	var first obstacle
	if p.DeletionTimestamp != nil {
		return first, nil
	}
	for _, status := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		waiting := status.State.Waiting
		if waiting == nil || waiting.Reason == "ContainerCreating" || waiting.Reason == "PodInitializing" {
			continue
		}
		found := obstacle{
			pod: RefOf(pod), container: status.Name, reason: waiting.Reason, message: waiting.Message,
			advice: adviceFor(status, waiting.Reason),
		}
		if found.advice != "" {
			return found, nil
		}
		if first.none() {
			first = found
		}
	}
	if first.none() {
		first = unscheduled(&p)
	}
	return first, nil
}

// unscheduled is the obstacle of a pod for which no node was found. Another may come.
func unscheduled(p *corev1.Pod) obstacle {
	for _, condition := range p.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse && condition.Reason == corev1.PodReasonUnschedulable {
			return obstacle{
				pod:    Ref{APIVersion: "v1", Kind: "Pod", Namespace: p.Namespace, Name: p.Name},
				reason: condition.Reason, message: condition.Message,
			}
		}
	}
	return obstacle{}
}

// manyRestarts is how often a container may crash before a wait gives up: a
// program that waits for its peers by crashing gets through in fewer.
const manyRestarts = 5

// adviceFor says what somebody must do before the container can run.
func adviceFor(status corev1.ContainerStatus, reason string) string {
	switch reason {
	case errImagePull, imagePullBackOff:
		if status.Image == "auto" {
			return "the injector has not replaced image \"auto\": istiod of the pod's revision was not ready when the pod was made, or no webhook matches it; delete the pod once istiod is ready"
		}
	case errImageNeverPull:
		return "the image is not on the node and may not be pulled; load it or change the pull policy"
	case invalidImageName:
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
