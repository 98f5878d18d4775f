package istio

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// pods lists those of one namespace that a selector matches.
func (r *reader) pods(ctx context.Context, namespace, selector string) ([]Pod, error) {
	var pods []Pod
	err := list(ctx, r, "pods", namespace, selector, r.listPods, collectPods(&pods))
	return pods, err
}

func (r *reader) listPods(ctx context.Context, namespace string, opts metav1.ListOptions) (*corev1.PodList, error) {
	return r.client.Kubernetes.CoreV1().Pods(namespace).List(ctx, opts)
}

// collectPods keeps the pods that are or may yet be of use: a terminating pod serves nobody,
// and one that has ended (by an eviction, too) is replaced by its owner.
func collectPods(into *[]Pod) func(*corev1.PodList) {
	return func(page *corev1.PodList) {
		for i := range page.Items {
			pod := &page.Items[i]
			if pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
				*into = append(*into, podOf(pod))
			}
		}
	}
}

// ended is whether a pod that could not be asked has ended since it was listed: that it
// does not answer is then no riddle.
func (r *reader) ended(ctx context.Context, pod Pod) bool {
	found, err := ask(ctx, r, "get pods in "+pod.Namespace, func(ctx context.Context) (*corev1.Pod, error) {
		return r.client.Kubernetes.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
	})
	return apierrors.IsNotFound(err) || err == nil && found.DeletionTimestamp != nil
}

// podOf keeps of a pod what decides about calls, and nothing that may be secret.
func podOf(pod *corev1.Pod) Pod {
	out := Pod{
		Namespace: pod.Namespace, Name: pod.Name, Labels: pod.Labels, Annotations: annotationsOf(pod.Annotations),
		Account: pod.Spec.ServiceAccountName, Ready: podReady(pod), Trouble: troubleOf(pod), IP: pod.Status.PodIP,
		Created: pod.CreationTimestamp.UTC(), InjectedBy: InjectedBy(pod.Annotations[names.SidecarStatus]),
	}
	// A native sidecar is an init container that goes on (Istio, ENABLE_NATIVE_SIDECARS).
	containers := slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers)
	if len(containers) == 0 {
		return out
	}
	main := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == names.Proxy })
	out.Proxy = main >= 0
	main = max(main, 0)
	out.Image, out.Env = containers[main].Image, envOf(containers[main])
	for _, status := range slices.Concat(pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses) {
		if status.Name == names.Proxy {
			out.ProxyReady = status.Ready
		}
	}
	return out
}

// InjectedBy is the revision in the annotation that the injector leaves
// (pkg/kube/inject/inject.go, SidecarInjectionStatus); empty where it says none.
func InjectedBy(status string) string {
	var injection struct {
		Revision string `json:"revision"`
	}
	if err := json.Unmarshal([]byte(status), &injection); err != nil {
		return ""
	}
	return injection.Revision
}

func podReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// annotationsOf keeps those that keep a sidecar, or traffic from it.
func annotationsOf(all map[string]string) map[string]string {
	kept := map[string]string{}
	for name, value := range all {
		if strings.HasPrefix(name, names.TrafficPrefix) || name == names.Inject {
			kept[name] = value
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// envOf reads the few variables by which Istio's own containers tell who and where they
// are. Any other may be a secret, and so may all of others' containers.
func envOf(container corev1.Container) map[string]string {
	if container.Name != names.Proxy && container.Name != names.IstiodContainer {
		return nil
	}
	env := map[string]string{}
	for _, variable := range container.Env {
		if variable.ValueFrom == nil && slices.Contains(names.Environment(), variable.Name) {
			env[variable.Name] = variable.Value
		}
	}
	if len(env) == 0 {
		return nil
	}
	return env
}

// troubleOf says what keeps a pod from running: the first container that does not, in the
// order in which they start, or else the pod as a whole.
func troubleOf(pod *corev1.Pod) *Trouble {
	for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if trouble := containerTrouble(status); trouble != nil {
			return trouble
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return &Trouble{Reason: condition.Reason, Message: shorten(condition.Message)}
		}
	}
	return nil
}

// crashLoop is why a container waits that ends again and again.
const crashLoop = "CrashLoopBackOff"

// initializing is why containers wait for init containers, of which one is the trouble.
const initializing = "PodInitializing"

func containerTrouble(status corev1.ContainerStatus) *Trouble {
	switch waiting, ended := status.State.Waiting, status.State.Terminated; {
	case waiting != nil && waiting.Reason != "" && waiting.Reason != initializing:
		trouble := &Trouble{Container: status.Name, Reason: waiting.Reason, Message: shorten(waiting.Message)}
		if last := status.LastTerminationState.Terminated; last != nil && last.ExitCode != 0 {
			trouble.Message = exitMessage(last) // why it ended says more than that it is started again
		}
		return trouble
	case ended != nil && ended.ExitCode != 0:
		return &Trouble{Container: status.Name, Reason: ended.Reason, Message: exitMessage(ended)}
	}
	return nil
}

// exited begins the message of a container that has run and ended.
const exited = "exit code "

func exitMessage(ended *corev1.ContainerStateTerminated) string {
	text := fmt.Sprintf("%s%d", exited, ended.ExitCode)
	if ended.Reason != "" && ended.Reason != "Error" {
		text += ", " + ended.Reason
	}
	if message := strings.TrimSpace(ended.Message); message != "" {
		text += ": " + message
	}
	return shorten(text)
}

// sortPods orders pods and leaves out those that are there twice.
func sortPods(pods []Pod) []Pod {
	byName := map[string]Pod{}
	for _, pod := range pods {
		byName[pod.Namespace+"/"+pod.Name] = pod
	}
	unique := make([]Pod, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		unique = append(unique, byName[name])
	}
	return unique
}
