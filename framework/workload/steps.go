package workload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/fixtures"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// Steps returns the guide's steps that deploy HelloWorld and Sleep. They wait
// for nothing; ReadySteps do.
func Steps(opts Options) ([]plan.Step, error) {
	builder := builder{opts: opts}
	namespace, prepare := namespaceStep, builder.makeNamespace
	if opts.Existing {
		namespace, prepare = existingStep, builder.useNamespace
	}
	steps := []plan.Step{
		builder.step(namespace, prepare),
		builder.step(serviceStep, builder.applyService),
		builder.step(helloWorldStep, builder.applyHelloWorld),
		builder.step(sleepStep, builder.applySleep),
	}
	return steps, errors.Join(builder.errs...)
}

// ReadySteps returns the step that waits for what Steps made.
func ReadySteps(opts Options) []plan.Step {
	builder := builder{opts: opts}
	return []plan.Step{builder.step(readyStep, builder.awaitReady)}
}

// The IDs of the steps.
const (
	StepNamespace  = "sample-namespace"
	StepService    = "helloworld-service"
	StepHelloWorld = "helloworld"
	StepSleep      = "sleep"
	StepReady      = "sample-ready"
)

type description struct{ id, title, source, promise string }

var (
	namespaceStep = description{
		StepNamespace, "Make the sample namespace, injected by the found revision", "guide, \"Enable sidecar injection\"",
		"pods made in the namespace get a sidecar of the control plane's revision",
	}
	existingStep = description{
		StepNamespace, "Use the sample namespace that was made beforehand", "guide, \"Enable sidecar injection\"",
		"pods made in the namespace get a sidecar of the control plane's revision",
	}
	serviceStep = description{
		StepService, "Make the HelloWorld service in every cluster", "guide, \"Install the HelloWorld service\"",
		"every cluster resolves helloworld, whether it runs a version of it or not",
	}
	helloWorldStep = description{
		StepHelloWorld, "Deploy HelloWorld vN to cluster N", "guide, \"Deploy HelloWorld v1 and v2\"",
		"each cluster runs one version of its own",
	}
	sleepStep = description{
		StepSleep, "Deploy Sleep to every cluster", "guide, \"Deploy the Sleep service\"",
		"each cluster has a caller",
	}
	readyStep = description{
		StepReady, "Await HelloWorld and Sleep with their sidecars", "guide, \"Deploy HelloWorld v1 and v2\" and \"Deploy the Sleep service\"",
		"all pods are available and each has a ready proxy",
	}
)

type builder struct {
	opts Options
	errs []error
}

func (b *builder) step(d description, actions func(fleet.ClusterSpec, string) []plan.Action) plan.Step {
	step := plan.Step{ID: d.id, Title: d.title, Source: d.source, Promise: d.promise}
	for i, cluster := range b.opts.Clusters {
		step.Work = append(step.Work, plan.Work{Cluster: cluster.Name, Actions: actions(cluster, fleet.Version(i))})
	}
	return step
}

// apply is an action for a template that is rendered now: a plan is data.
func (b *builder) apply(title, template string, values any) []plan.Action {
	manifest, err := fixtures.Render(template, values)
	if err != nil {
		b.errs = append(b.errs, err)
		return nil
	}
	return []plan.Action{plan.Apply{Title: title, Manifest: manifest}}
}

func (b *builder) makeNamespace(cluster fleet.ClusterSpec, _ string) []plan.Action {
	return []plan.Action{plan.Make{
		Title: "make namespace " + b.opts.namespace(),
		Shell: b.namespaceShell(cluster),
		Objects: func(ctx context.Context, site *plan.Site) ([]*unstructured.Unstructured, error) {
			revision, err := findRevision(ctx, site, cluster)
			if err != nil {
				return nil, err
			}
			return namespaceObject(b.opts.namespace(), revision)
		},
	}}
}

// useNamespace changes nothing: it tries pods like the run's in a dry run.
func (b *builder) useNamespace(cluster fleet.ClusterSpec, _ string) []plan.Action {
	pods, err := Pods(b.opts)
	b.errs = append(b.errs, err)
	return []plan.Action{plan.Await{
		Title: "try pods in namespace " + b.opts.namespace(),
		Shell: fmt.Sprintf(`kubectl --kubeconfig="%s" get namespace %s --show-labels`, plan.Here(), b.opts.namespace()),
		Until: func(ctx context.Context, site *plan.Site) error {
			revision, err := findRevision(ctx, site, cluster)
			if err != nil {
				return err
			}
			refused, err := fleet.TryPods(ctx, site.Client, pods, revision)
			if err == nil && len(refused) > 0 {
				err = errors.New(strings.Join(refused, "; "))
			}
			return err
		},
	}}
}

// findRevision is the revision of the control plane that serves a cluster.
func findRevision(ctx context.Context, site *plan.Site, cluster fleet.ClusterSpec) (string, error) {
	if cluster.Primary == "" {
		return istio.FindRevision(ctx, site.Client, cluster.Revision)
	}
	primary, err := site.Peer(cluster.Primary)
	if err != nil {
		return "", err
	}
	return istio.FindRevision(ctx, primary, cluster.Revision)
}

// namespaceShell finds the revision and labels the namespace as the guide does.
func (b *builder) namespaceShell(cluster fleet.ClusterSpec) string {
	here := `kubectl --kubeconfig="` + plan.Here() + `"`
	revision := "REVISION=" + cluster.Revision
	if cluster.Revision == "" {
		plane := here
		if cluster.Primary != "" {
			plane = `kubectl --kubeconfig="` + plan.Use(plan.KubeconfigVariable(cluster.Primary)) + `"`
		}
		revision = istio.RevisionShell("REVISION", plane)
	}
	return fmt.Sprintf("%[1]s\n%[2]s create namespace %[3]s --dry-run=client --output=yaml | %[2]s apply -f -\n"+
		"%[2]s label namespace %[3]s %[4]s- \"%[5]s=${REVISION}\" --overwrite", revision, here, b.opts.namespace(), names.Injection, names.Revision)
}

func namespaceObject(name, revision string) ([]*unstructured.Unstructured, error) {
	namespace, err := kube.Convert(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{names.Revision: revision},
	}})
	if err != nil {
		return nil, err
	}
	return []*unstructured.Unstructured{namespace}, nil
}

func (b *builder) applyService(fleet.ClusterSpec, string) []plan.Action {
	return b.apply("make service helloworld", "helloworld-service.yaml.tmpl",
		map[string]any{"Namespace": b.opts.namespace()})
}

func (b *builder) applyHelloWorld(_ fleet.ClusterSpec, version string) []plan.Action {
	return b.apply("deploy helloworld "+version, "helloworld.yaml.tmpl", b.opts.helloWorldValues(version))
}

func (b *builder) applySleep(fleet.ClusterSpec, string) []plan.Action {
	return b.apply("deploy sleep", "sleep.yaml.tmpl", b.opts.sleepValues())
}

func (b *builder) awaitReady(_ fleet.ClusterSpec, version string) []plan.Action {
	return []plan.Action{
		b.await(Deployment(version)),
		b.await(Sleep),
	}
}

func (b *builder) await(deployment string) plan.Action {
	namespace := b.opts.namespace()
	return plan.Await{
		Title: "await deployment " + deployment,
		Shell: fmt.Sprintf(`kubectl --kubeconfig="%s" --namespace=%s rollout status deployment/%s --timeout=5m`, plan.Here(), namespace, deployment),
		Until: func(ctx context.Context, site *plan.Site) error {
			return site.Client.AwaitDeployment(ctx, kube.Deployment{Namespace: namespace, Name: deployment}, site.Bounds)
		},
	}
}
