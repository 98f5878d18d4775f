package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// ErrAmbiguousRevision says that a revision must be given, because the
// cluster does not settle it: wrong use, not a broken mesh.
var ErrAmbiguousRevision = errors.New("ambiguous revision")

// FindRevision returns the revision of a cluster's control plane: the wanted
// one, if a Ready istiod pod has it, or the one that a tag of that name leads to, or else
// the only one there is. Between several it refuses to guess.
func FindRevision(ctx context.Context, client *kube.Client, wanted string) (string, error) {
	pods, err := client.Kubernetes.CoreV1().Pods(names.System).List(ctx, metav1.ListOptions{LabelSelector: names.IstiodSelector})
	if err != nil {
		return "", fmt.Errorf("find the revision of cluster %q: %w", client.Name, err)
	}
	ready := readyRevisions(pods.Items)
	if wanted != "" && !slices.Contains(ready, wanted) {
		if wanted, err = resolveTag(ctx, client, wanted); err != nil {
			return "", fmt.Errorf("find the revision of cluster %q: %w", client.Name, err)
		}
	}
	revision, err := chooseRevision(ready, wanted)
	if len(ready) == 0 {
		err = cmp.Or(servedElsewhere(ctx, client), err)
	}
	if err != nil {
		return "", fmt.Errorf("find the revision of cluster %q: %w", client.Name, err)
	}
	return revision, nil
}

// ErrServedElsewhere says that a cluster has no control plane of its own, and that nothing is
// wrong with that: a run cannot use it.
var ErrServedElsewhere = errors.New("its control plane is in another cluster (primary-remote)")

// servedElsewhere says so of a cluster whose namespace names the cluster that serves it. What
// cannot be read tells nothing: that there is no control plane is then the whole error.
func servedElsewhere(ctx context.Context, client *kube.Client) error {
	system, err := client.Kubernetes.CoreV1().Namespaces().Get(ctx, names.System, metav1.GetOptions{})
	if err != nil || system.Annotations[names.ControlPlanes] == "" {
		return nil //nolint:nilerr // see above
	}
	return fmt.Errorf("%w: namespace %s has %s=%s; leave the cluster out of the fleet, and have \"eastwest diagnose\" judge the whole mesh: a run sets up and tries clusters with a control plane each",
		ErrServedElsewhere, names.System, names.ControlPlanes, system.Annotations[names.ControlPlanes])
}

// resolveTag is the revision that a tag leads to: its webhook says so (istio:
// istioctl/pkg/tag). What is no tag is returned as it is.
func resolveTag(ctx context.Context, client *kube.Client, name string) (string, error) {
	webhooks, err := client.Kubernetes.AdmissionregistrationV1().MutatingWebhookConfigurations().List(ctx, metav1.ListOptions{LabelSelector: names.Tag + "=" + name})
	if err != nil {
		return "", fmt.Errorf("look for a tag %q: %w", name, err)
	}
	for _, webhook := range webhooks.Items {
		if revision := webhook.Labels[names.Revision]; revision != "" {
			return revision, nil
		}
	}
	return name, nil
}

// readyRevisions lists the distinct revisions of Ready istiod pods, sorted.
func readyRevisions(pods []corev1.Pod) []string {
	var revisions []string
	for i := range pods {
		if revision := pods[i].Labels[names.Revision]; revision != "" && PodReady(&pods[i]) {
			revisions = append(revisions, revision)
		}
	}
	slices.Sort(revisions)
	return slices.Compact(revisions)
}

// PodReady is whether a pod is Ready and not on its way out.
func PodReady(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func chooseRevision(ready []string, wanted string) (string, error) {
	switch {
	case len(ready) == 0:
		return "", fmt.Errorf("no Ready pod with label %s in namespace %s has the label %s; install the control plane first", names.IstiodSelector, names.System, names.Revision)
	case wanted != "" && slices.Contains(ready, wanted):
		return wanted, nil
	case wanted != "":
		return "", fmt.Errorf("want revision %q, found %s: %w; give one of these", wanted, strings.Join(ready, ", "), ErrAmbiguousRevision)
	case len(ready) > 1:
		return "", fmt.Errorf("several control planes are Ready, %s: %w; say which with --revision", strings.Join(ready, ", "), ErrAmbiguousRevision)
	}
	return ready[0], nil
}

// RevisionShell is FindRevision for a shell: the commands that put the only
// revision of a cluster's control plane into a variable, or end the script.
// kubectl is the command with which the cluster is reached.
func RevisionShell(variable, kubectl string) string {
	return variable + `=$(` + kubectl + ` --namespace=` + names.System + ` get pods --selector=` + names.IstiodSelector +
		` --output=jsonpath='{range .items[*]}{.metadata.labels.istio\.io/rev}{"\n"}{end}' | sort -u)` + "\n" +
		`[[ $` + variable + ` =~ ^[^[:space:]]+$ ]] || { echo "want one revision of istiod, found: ${` + variable + `:-none}" >&2; exit 1; }`
}
