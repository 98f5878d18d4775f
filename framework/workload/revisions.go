package workload

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
)

// The IDs of the steps that make the workloads of two revisions.
const (
	StepArms     = "revision-namespaces"
	StepPolicy   = "revision-policy"
	StepServices = "revision-services"
	StepEcho     = "revision-workloads"
	StepEchoDone = "revision-workloads-ready"
)

var (
	armsStep = description{
		StepArms, "Make a namespace for each revision", "istio.io: canary upgrades, the label " + names.Revision,
		"pods made in a namespace get a sidecar of its revision",
	}
	policyStep = description{
		StepPolicy, "Have both namespaces take mutual TLS only", "istio.io: PeerAuthentication STRICT",
		"no call between revisions falls back to plaintext",
	}
	servicesStep = description{
		StepServices, "Make the services in every cluster", "istio.io: multi-cluster traffic, DNS",
		"every cluster resolves every service, whether it runs there or not",
	}
	echoStep = description{
		StepEcho, "Deploy callers, a service that runs in all clusters, and one for each cluster that runs only there", "Istio pkg/test/echo",
		"each revision has a caller and services in every cluster where it runs",
	}
	echoDoneStep = description{
		StepEchoDone, "Await the workloads with their sidecars", "istio.io: canary upgrades, data plane",
		"all pods are available",
	}
)

// RevisionSteps make the workloads of both revisions, each in a namespace of its own, and
// nothing else.
func RevisionSteps(opts Options, compared Compared) ([]plan.Step, error) {
	b := revisionBuilder{builder: builder{opts: opts}, compared: compared}
	steps := []plan.Step{
		b.each(armsStep, b.namespace),
		b.each(policyStep, b.policy),
		b.each(servicesStep, b.services),
		b.each(echoStep, b.echo),
	}
	return steps, errors.Join(b.errs...)
}

// RevisionReadySteps wait for what RevisionSteps made.
func RevisionReadySteps(opts Options, compared Compared) []plan.Step {
	b := revisionBuilder{builder: builder{opts: opts}, compared: compared}
	return []plan.Step{b.each(echoDoneStep, b.awaitEcho)}
}

// ArmObject is the namespace of an arm, labelled with a revision; without one nothing is
// injected there.
func ArmObject(name, revision string) (*unstructured.Unstructured, error) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if revision != "" {
		namespace.Labels = map[string]string{names.Revision: revision}
	}
	return kube.Convert(namespace)
}

type revisionBuilder struct {
	builder
	compared Compared
}

// place is one arm in one cluster.
type place struct {
	cluster   fleet.ClusterSpec
	number    int // of the cluster in the fleet
	arm       revisions.Arm
	namespace string
	runs      bool // the arm's revision runs there
}

// each is a step with actions for both arms in every cluster.
func (b *revisionBuilder) each(d description, actions func(place) []plan.Action) plan.Step {
	step := plan.Step{ID: d.id, Title: d.title, Source: d.source, Promise: d.promise}
	for i, cluster := range b.opts.Clusters {
		work := plan.Work{Cluster: cluster.Name}
		for _, arm := range Arms() {
			work.Actions = append(work.Actions, actions(place{
				cluster: cluster, number: i, arm: arm, namespace: ArmNamespace(b.opts.namespace(), arm), runs: b.compared.Members[i].Has(arm),
			})...)
		}
		step.Work = append(step.Work, work)
	}
	return step
}

func (b *revisionBuilder) namespace(p place) []plan.Action {
	revision := ""
	if p.runs {
		revision = b.compared.Pair.Of(p.arm)
	}
	label := fmt.Sprintf("kubectl --kubeconfig=\"%s\" create namespace %s", plan.Here(), p.namespace)
	if revision != "" {
		label += fmt.Sprintf("\nkubectl --kubeconfig=\"%s\" label namespace %s %s=%s", plan.Here(), p.namespace, names.Revision, revision)
	}
	return []plan.Action{plan.Make{
		Title: "make namespace " + p.namespace, Shell: label,
		Objects: func(context.Context, *plan.Site) ([]*unstructured.Unstructured, error) {
			namespace, err := ArmObject(p.namespace, revision)
			return []*unstructured.Unstructured{namespace}, err
		},
	}}
}

func (b *revisionBuilder) policy(p place) []plan.Action {
	return b.apply("want mutual TLS in "+p.namespace, "peer-authentication-namespace.yaml.tmpl", map[string]any{"Namespace": p.namespace, "Mode": "STRICT"})
}

func (b *revisionBuilder) services(p place) []plan.Action {
	all := []string{Everywhere}
	for i := range b.opts.Clusters {
		all = append(all, OnlyIn(i))
	}
	var actions []plan.Action
	for _, name := range all {
		actions = append(actions, b.apply("make service "+p.namespace+"/"+name, "echo-service.yaml.tmpl",
			map[string]any{"Namespace": p.namespace, "Name": name, "Port": EchoPort})...)
	}
	return actions
}

func (b *revisionBuilder) echo(p place) []plan.Action {
	var actions []plan.Action
	for _, name := range p.deployments() {
		actions = append(actions, b.apply("deploy "+p.namespace+"/"+name, "echo.yaml.tmpl", b.opts.echoValues(p.cluster, p.namespace, name))...)
	}
	return actions
}

func (b *revisionBuilder) awaitEcho(p place) []plan.Action {
	var actions []plan.Action
	for _, name := range p.deployments() {
		actions = append(actions, plan.Await{
			Title: "await deployment " + p.namespace + "/" + name,
			Shell: fmt.Sprintf(`kubectl --kubeconfig="%s" --namespace=%s rollout status deployment/%s --timeout=5m`, plan.Here(), p.namespace, name),
			Until: func(ctx context.Context, site *plan.Site) error {
				return site.Client.AwaitDeployment(ctx, kube.Deployment{Namespace: p.namespace, Name: name}, site.Bounds)
			},
		})
	}
	return actions
}

// deployments are what an arm runs in a cluster; nothing where its revision is not.
func (p place) deployments() []string {
	if !p.runs {
		return nil
	}
	return EchoDeployments(p.number)
}

// EchoDeployments are what each arm runs in a cluster, by its place in the fleet.
func EchoDeployments(number int) []string { return []string{Caller, Everywhere, OnlyIn(number)} }
