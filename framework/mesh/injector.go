package mesh

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// awaitInjector waits until a pod would get its proxy. That istiod is
// available is not enough: it has yet to write its CA into the webhook's
// configuration, and the API server to learn the way to it. Pods made before
// are refused, and retried after pauses that double.
func (b *builder) awaitInjector(cluster fleet.ClusterSpec) plan.Action {
	revision := cluster.Revision
	if revision == "" {
		revision = names.DefaultRevision
	}
	return plan.Await{
		Title: "await the injection webhook",
		Shell: injectionShell(revision),
		Until: func(ctx context.Context, site *plan.Site) error {
			return AwaitInjection(ctx, site.Client, revision, site.Bounds)
		},
	}
}

// injectionShell tries the same as AwaitInjection, at most for two minutes.
func injectionShell(revision string) string {
	try := kubectlHere("--namespace="+names.System, "run injection-trial --image=trial --dry-run=server --output=yaml",
		"--labels="+names.Inject+"=true,"+names.Revision+"="+revision) + " | grep 'name: " + names.Proxy + "' >/dev/null"
	return "for try in {1..120}; do\n  if " + try + "; then break; fi\n" +
		`  if [ "$try" = 120 ]; then echo "revision ` + revision + ` injects no proxy" >&2; exit 1; fi` + "\n  sleep 1\ndone"
}

// AwaitInjection waits until a revision's webhook injects a pod that is tried
// with a dry run: nothing is made.
func AwaitInjection(ctx context.Context, client *kube.Client, revision string, bounds kube.Bounds) error {
	return client.AwaitPoll(ctx, kube.Poll{
		For:   "injection by revision " + revision,
		Bound: bounds.Deployment,
		Hint:  "look at the mutating webhook configurations of the revision and at istiod's log",
		Ask: func(ctx context.Context) (kube.State, error) {
			pod, err := client.Kubernetes.CoreV1().Pods(names.System).Create(ctx, trialPod(revision),
				metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if err != nil {
				return kube.State{}, fmt.Errorf("try a pod: %w", err)
			}
			return injectionState(pod), nil
		},
	})
}

func injectionState(pod *corev1.Pod) kube.State {
	if Injected(&pod.Spec) {
		return kube.State{Met: true, Seen: "a pod with " + names.Proxy}
	}
	return kube.State{Seen: "a pod without " + names.Proxy}
}

func trialPod(revision string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName: "injection-trial-",
			Labels:       map[string]string{names.Inject: "true", names.Revision: revision},
		},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "trial", Image: "trial"}}},
	}
}

// Injected is whether a pod has a proxy, as a container or, where istiod uses
// native sidecars, as an init container.
func Injected(pod *corev1.PodSpec) bool {
	return slices.ContainsFunc(slices.Concat(pod.InitContainers, pod.Containers),
		func(c corev1.Container) bool { return c.Name == names.Proxy })
}
