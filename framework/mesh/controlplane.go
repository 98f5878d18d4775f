package mesh

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/fixtures"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// published lists the ConfigMaps that istiod puts into every namespace so that
// proxies trust it: its root and what is revoked. With istiod gone nobody
// removes them. Istio pilot/pkg/serviceregistry/kube/controller/namespacecontroller.go.
func published() []string { return []string{names.RootConfigMap, names.RevocationConfigMap} }

func (b *builder) namespace(cluster fleet.ClusterSpec) []plan.Action {
	return []plan.Action{b.apply("make namespace istio-system of network "+cluster.Network,
		"istio-system.yaml.tmpl", map[string]any{"Network": cluster.Network, "Primary": cluster.Primary})}
}

// apply is an action for a template that is rendered now: a plan is data.
func (b *builder) apply(title, template string, values any) plan.Action {
	manifest, err := fixtures.Render(template, values)
	if err != nil {
		b.errs = append(b.errs, err)
	}
	return plan.Apply{Title: title, Manifest: manifest, Reuse: true}
}

// istiod is rendered by istioctl and applied by us, instead of `istioctl
// install`, for three reasons: the objects get the run's label and enter the
// ledger before they are made; `istioctl install` polls, and returns seconds
// after the last thing became ready; and it also makes the default tag's
// webhooks, which the first revision of a cluster does not need. The objects
// are otherwise the same.
func (b *builder) istiod(cluster fleet.ClusterSpec) []plan.Action {
	actions := []plan.Action{
		expectPublished(),
		plan.Pipe{
			Title: "install istiod", Reuse: true,
			From: plan.Exec{
				Title: "render istiod",
				Argv:  istioctl(slices.Concat([]string{"manifest", "generate"}, b.meshValues(), []string{"--filename=-"})...),
				Stdin: b.render("istiod.yaml.tmpl", b.istiodValues(cluster)),
			},
		},
		b.awaitDeployment(names.Suffixed(names.Istiod, cluster.Revision)),
		b.awaitInjector(cluster),
	}
	if b.opts.Traits.CNI {
		actions = append(actions, b.awaitDaemonSet(cniDaemonSet))
	}
	return actions
}

// cniDaemonSet puts Istio's CNI plugin on every node (istio manifests/charts/istio-cni).
const cniDaemonSet = "istio-cni-node"

// meshValues are the flags for what the environment's proxies need.
func (b *builder) meshValues() []string {
	var flags []string
	for _, value := range b.opts.Traits.MeshValues {
		flags = append(flags, "--set="+value)
	}
	if b.opts.Traits.CNI {
		flags = append(flags, "--set=components.cni.enabled=true", "--set=components.cni.namespace="+names.System, "--set=values.pilot.cni.enabled=true")
	}
	return flags
}

func (b *builder) render(template string, values any) []byte {
	manifest, err := fixtures.Render(template, values)
	if err != nil {
		b.errs = append(b.errs, err)
	}
	return manifest
}

func (b *builder) istiodValues(cluster fleet.ClusterSpec) map[string]any {
	return map[string]any{
		"Hub": b.opts.Traits.Hub, "Tag": b.opts.Traits.Tag,
		"MeshID": b.opts.MeshID, "Cluster": cluster.Name, "Network": cluster.Network,
		"Serves": b.serves(cluster), "Revision": cluster.Revision, "Drain": drain(b.opts.Traits.Drain),
		"CertProvider":     b.opts.certProvider(),
		"ReadinessSeconds": int(b.opts.Traits.ProxyReadiness.Seconds()),
	}
}

// drain is a duration as mesh configuration has it, or "" for Istio's default.
func drain(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%gs", d.Seconds())
}

// expectPublished notes in the ledger what istiod will put into the namespaces
// that are there already; those of our own go with their namespace.
func expectPublished() plan.Action {
	return plan.Expect{
		Title: "note the certificates that istiod will publish", Tool: kube.ToolIstiod,
		Shell: "# istiod puts these ConfigMaps into every namespace; they have to be removed with istiod: " + strings.Join(published(), " "),
		Refs: func(ctx context.Context, site *plan.Site) ([]kube.Ref, error) {
			namespaces, err := site.Client.Kubernetes.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: "!" + kube.LabelRun})
			if err != nil {
				return nil, fmt.Errorf("list namespaces of cluster %q: %w", site.Cluster, err)
			}
			return publishedIn(namespaces.Items), nil
		},
	}
}

func publishedIn(namespaces []corev1.Namespace) []kube.Ref {
	var refs []kube.Ref
	for _, namespace := range namespaces {
		for _, name := range published() {
			refs = append(refs, kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: namespace.Name, Name: name})
		}
	}
	return refs
}

func (b *builder) awaitDaemonSet(name string) plan.Action {
	return plan.Await{
		Title: "await daemon set " + name,
		Shell: kubectlHere("--namespace="+names.System, "rollout status daemonset/"+name, "--timeout=5m"),
		Until: func(ctx context.Context, site *plan.Site) error {
			return site.Client.AwaitDaemonSet(ctx, kube.Ref{APIVersion: "apps/v1", Kind: "DaemonSet", Namespace: names.System, Name: name}, site.Bounds)
		},
	}
}

func (b *builder) awaitDeployment(name string) plan.Action {
	deployment := kube.Deployment{Namespace: names.System, Name: name}
	return plan.Await{
		Title: "await deployment " + name,
		Shell: kubectlHere("--namespace="+names.System, "rollout status deployment/"+name, "--timeout=5m"),
		Until: func(ctx context.Context, site *plan.Site) error {
			return site.Client.AwaitDeployment(ctx, deployment, site.Bounds)
		},
	}
}
