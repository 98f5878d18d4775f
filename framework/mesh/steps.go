package mesh

import (
	"errors"
	"slices"
	"strconv"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// The IDs of the steps, in their order. The first three exist only where the
// clusters come without a control plane; the last two are ReadySteps. Those with
// "remote" in their names exist only where clusters have their control plane in another.
const (
	StepNamespace     = "istio-system"
	StepCA            = "ca"
	StepIstiod        = "istiod"
	StepGateway       = "gateway"
	StepExpose        = "expose-services"
	StepExposeIstiod  = "expose-istiod"
	StepRemote        = "remote"
	StepReader        = "reader-token"
	StepCreateMesh    = "create-mesh"
	StepRemoteReady   = "remote-ready"
	StepRemoteGateway = "remote-gateway"
	StepGatewayReady  = "gateway-ready"
	StepDiscovery     = "endpoint-discovery"
)

// ControlPlaneSteps are the IDs of the steps before the guide, which clusters
// with a control plane have behind them.
func ControlPlaneSteps() []string { return []string{StepNamespace, StepCA, StepIstiod} }

// Steps returns the steps that join the clusters to one mesh. They make
// everything and wait only for what the next step needs; ReadySteps wait for
// the rest, so that meanwhile something else can be made.
func Steps(opts Options) ([]plan.Step, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	b := &builder{opts: opts}
	var steps []plan.Step
	if opts.Traits.InstallsMesh {
		steps = append(steps,
			b.step(namespaceStep, b.namespace),
			b.step(caStep, b.primaries(b.ca())),
			b.step(istiodStep, b.primaries(b.istiod)))
	}
	steps = append(steps,
		b.step(gatewayStep, b.primaries(b.entered(b.gateway))),
		b.step(exposeStep, b.primaries(b.entered(b.expose))),
		b.step(exposeIstiodStep, b.exposeIstiod),
		b.step(remoteStep, b.remotes(b.remote)),
		b.step(readerStep, b.readElsewhere(b.reader)),
		b.step(createMeshStep, b.primaries(b.createMesh)),
		b.step(remoteReadyStep, b.remotes(b.remoteReady)),
		b.step(remoteGatewayStep, b.remotes(b.entered(b.gateway))))
	return withWork(steps), errors.Join(b.errs...)
}

// withWork leaves out steps that this mesh does not have.
func withWork(steps []plan.Step) []plan.Step {
	return slices.DeleteFunc(steps, func(s plan.Step) bool { return len(s.Work) == 0 })
}

// ReadySteps returns the steps that wait until what Steps made does its work.
func ReadySteps(opts Options) []plan.Step {
	b := &builder{opts: opts}
	return withWork([]plan.Step{b.step(gatewayReadyStep, b.entered(b.gatewayReady)), b.step(discoveryStep, b.primaries(b.discovery))})
}

// ReuseSteps returns those that wait for a mesh that somebody made: its gateways may be
// called otherwise, and be elsewhere. What counts is that every istiod knows them.
func ReuseSteps(opts Options) []plan.Step {
	b := &builder{opts: opts}
	return []plan.Step{b.step(discoveryStep, b.primaries(b.discovery))}
}

type description struct{ id, title, source, promise string }

var (
	namespaceStep = description{
		StepNamespace, "Make istio-system with the cluster's network", "before the guide: asmcli install",
		"istiod knows the network of the cluster's own endpoints",
	}
	caStep = description{
		StepCA, "Give every cluster's CA an intermediate of one root", "before the guide: asmcli install --ca citadel",
		"workloads of all clusters trust each other's certificates",
	}
	istiodStep = description{
		StepIstiod, "Install istiod", "before the guide: asmcli install",
		"istiod is available and its injection webhook answers",
	}
	gatewayStep = description{
		StepGateway, "Install the east-west gateway", "guide, \"Install the east-west gateway\"",
		"the cluster accepts the gateway's objects",
	}
	gatewayReadyStep = description{
		StepGatewayReady, "Await the east-west gateway", "what the guide waits for under \"Install the east-west gateway\", and an address",
		"the gateway is available and has an address outside its cluster",
	}
	exposeStep = description{
		StepExpose, "Expose the services of every cluster", "guide, \"Exposing services\"",
		"the gateway passes TLS for *.local through on port " + strconv.Itoa(names.CrossPort),
	}
	exposeIstiodStep = description{
		StepExposeIstiod, "Expose the control plane to the clusters that it serves", "istio.io: install primary-remote, expose the control plane",
		"the gateway passes TLS through to istiod on ports " + strconv.Itoa(names.IstiodPort) + " and " + strconv.Itoa(names.InjectionPort),
	}
	remoteStep = description{
		StepRemote, "Lead the remote clusters to the control plane that serves them", "istio.io: install primary-remote, configure the remote",
		"the cluster's Service istiod and its injection webhook lead to the primary",
	}
	remoteReadyStep = description{
		StepRemoteReady, "Await injection on the remote clusters", "what follows from the remote secret: istiod of the primary writes its root into the webhook",
		"a pod gets its proxy",
	}
	remoteGatewayStep = description{
		StepRemoteGateway, "Install the east-west gateway of the remote clusters", "istio.io: install primary-remote, install the gateway of the remote",
		"the cluster accepts the gateway's objects",
	}
	readerStep = description{
		StepReader, "Give every cluster a reader that the others may use", "part of asmcli create-mesh (C.1 step 6)",
		"each cluster has a token with which other control planes read its endpoints",
	}
	createMeshStep = description{
		StepCreateMesh, "Exchange endpoint discovery between all clusters", "guide, \"Enabling endpoint discovery\"",
		"every cluster holds a remote secret for every other cluster",
	}
	discoveryStep = description{
		StepDiscovery, "Await endpoint discovery", "what create-mesh leaves unchecked (C.6)",
		"every istiod is synced with every other cluster and knows its gateway",
	}
)

type builder struct {
	opts Options
	errs []error
}

func (b *builder) step(d description, actions func(fleet.ClusterSpec) []plan.Action) plan.Step {
	step := plan.Step{ID: d.id, Title: d.title, Source: d.source, Promise: d.promise}
	for _, cluster := range b.opts.Clusters {
		if work := actions(cluster); len(work) > 0 {
			step.Work = append(step.Work, plan.Work{Cluster: cluster.Name, Actions: work})
		}
	}
	return step
}
