package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// identify finds out, once, what carries the calls and which versions run. What
// cannot be found out stays empty, and the report says that it is unknown.
func (r *Run) identify(ctx context.Context) {
	if r.report.Clusters != nil || r.fleet == nil {
		return
	}
	var planes []dataPlane
	r.report.Clusters = make([]report.Cluster, len(r.fleet.Clusters))
	for i, cluster := range r.fleet.Clusters {
		r.report.Clusters[i] = describe(ctx, cluster)
		if plane, err := r.dataPlane(ctx, cluster); err == nil && !slices.Contains(planes, plane) {
			planes = append(planes, plane)
		}
	}
	cell := &r.report.Cell
	cell.DataPlane = together(planes, func(p dataPlane) string { return p.program.Name })
	cell.DataPlaneVersion = together(planes, func(p dataPlane) string { return p.program.Version })
	cell.DataPlaneName = together(planes, func(p dataPlane) string { return p.name })
	cell.DataPlaneLacks = r.config.Provider.Traits().Proxy.Lacks
	cell.ClustersLack = r.config.Provider.Traits().ClustersLack
	r.report.Components = r.components(planes)
}

// dataPlane is what carries the calls of a cluster.
type dataPlane struct {
	program probe.Program
	// name tells a reader which build it is.
	name string
}

// dataPlane asks the proxy of the caller for its own name, or, where a set-up
// that failed left no caller, the gateway.
func (r *Run) dataPlane(ctx context.Context, cluster *fleet.Cluster) (dataPlane, error) {
	namespace := r.namespace
	pod, err := probe.ReadyPod(ctx, cluster.Client, namespace, workload.SleepSelector)
	if err != nil {
		namespace = names.System
		pod, err = probe.ReadyPod(ctx, cluster.Client, namespace, names.GatewaySelector)
	}
	if err != nil {
		return dataPlane{}, err
	}
	program, err := probe.DataPlane(ctx, cluster.Client, namespace, pod.Name)
	if err != nil {
		return dataPlane{}, err
	}
	image, digest := probe.ProxyImage(pod)
	return dataPlane{program: program, name: proxyName(r.config.Provider.Traits().Proxy, program, image, digest)}, nil
}

// proxyName says which build of Envoy runs: the one that the environment put into its own
// image, where the pod runs that very image, or else where it comes from.
func proxyName(made fleet.ProxyImage, program probe.Program, image, digest string) string {
	switch {
	case program.Name != probe.Envoy:
		return strings.TrimSpace(program.Name + " " + program.Version)
	case slices.Contains(made.Digests, digest) && digest != "":
		return made.Envoy
	case digest != "":
		image += "@" + digest
	}
	return fmt.Sprintf("Envoy %s from %s", program.Version, image)
}

// together names one thing of the data planes, all of them where clusters differ.
func together(planes []dataPlane, of func(dataPlane) string) string {
	var names []string
	for _, plane := range planes {
		if name := of(plane); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " and ")
}

func describe(ctx context.Context, cluster *fleet.Cluster) report.Cluster {
	described := report.Cluster{
		Name: cluster.Name, Network: cluster.Network, Version: cluster.Version,
		KubernetesVersion: cluster.KubernetesVersion, Revision: cluster.Revision,
	}
	found := istio.Look(ctx, cluster, istio.PartIstiods|istio.PartGateways)
	istiods, _ := found.Istiods.Get()
	of := func(i istio.Istiod) bool {
		return i.Ready && (cluster.Revision == "" || i.Revision == cluster.Revision)
	}
	if at := slices.IndexFunc(istiods, of); at >= 0 {
		described.Revision, described.IstioVersion = istiods[at].Revision, istiods[at].Version
	}
	gateways, _ := found.Gateways.Get()
	var addresses []string
	for _, service := range gateways.Services {
		if service.Network == cluster.Network {
			addresses = append(addresses, slices.Concat(service.Addresses, service.ExternalIPs)...)
		}
	}
	described.Gateway = strings.Join(addresses, ", ")
	return described
}

// components lists each program and version once.
func (r *Run) components(planes []dataPlane) []report.Component {
	var components []report.Component
	add := func(component report.Component) {
		if component.Version != "" && !slices.Contains(components, component) {
			components = append(components, component)
		}
	}
	for _, cluster := range r.report.Clusters {
		add(report.Component{Name: "Kubernetes", Version: cluster.KubernetesVersion})
		add(report.Component{Name: "istiod", Version: cluster.IstioVersion})
	}
	for _, plane := range planes {
		add(report.Component{Name: plane.program.Name, Version: plane.program.Version})
	}
	for _, program := range r.config.Provider.Traits().Programs {
		add(report.Component{Name: program.Name, Version: program.Version})
	}
	add(report.Component{Name: "eastwest", Version: r.config.Version})
	return components
}

func (r *Run) phase(name string, start, end time.Time) {
	r.report.Phases = append(r.report.Phases, report.Phase{Name: name, Start: start, Duration: end.Sub(start)})
}

// complete fills in what is only known at the end.
func (r *Run) complete(ctx context.Context) {
	for _, waited := range r.waits.Ended() {
		r.report.Waits = append(r.report.Waits, report.Wait{
			For: waited.For, Cluster: waited.Cluster, Bound: waited.Bound, Took: waited.Took, Met: waited.Met,
		})
	}
	r.phasesOfCases()
	r.report.Notes = append(r.report.Notes, unneeded(r.report.Cases, r.config.Accept)...)
	r.report.Outcome, r.report.Reasons = report.Conclude(r.report)
	if ctx.Err() != nil {
		r.report.Reasons = append(r.report.Reasons, fmt.Sprintf("the run was interrupted: %v", context.Cause(ctx)))
	}
}

// phasesOfCases groups the steps and scenarios to the phases that a reader
// compares from run to run.
func (r *Run) phasesOfCases() {
	groups := []struct {
		name  string
		cases []string
	}{
		{"istiod", []string{mesh.StepNamespace, mesh.StepCA, mesh.StepIstiod}},
		{"gateways", []string{mesh.StepGateway, mesh.StepExpose}},
		{"discovery", []string{mesh.StepReader, mesh.StepCreateMesh, mesh.StepDiscovery}},
		{"sample", []string{workload.StepNamespace, workload.StepService, workload.StepHelloWorld, workload.StepSleep, workload.StepReady}},
	}
	var phases []report.Phase
	for _, group := range groups {
		if phase, ok := span(r.report.Cases, group.cases); ok {
			phase.Name = group.name
			phases = append(phases, phase)
		}
	}
	if phase, ok := firstAnswer(r.report); ok {
		phases = append(phases, phase)
	}
	if phase, ok := scenarioSpan(r.report.Cases); ok {
		phases = append(phases, phase)
	}
	r.report.Phases = append(r.report.Phases, phases...)
	slices.SortStableFunc(r.report.Phases, func(a, b report.Phase) int { return a.Start.Compare(b.Start) })
}

// span is the time from the first to the last of the cases with these IDs.
func span(cases []report.Case, ids []string) (report.Phase, bool) {
	var start, end time.Time
	for _, c := range cases {
		if !slices.Contains(ids, c.ID) || c.Status == report.Skipped {
			continue
		}
		if start.IsZero() {
			start = c.Start
		}
		end = c.Start.Add(c.Duration)
	}
	return report.Phase{Start: start, Duration: end.Sub(start)}, !start.IsZero()
}

// firstAnswer is the time from the start of the run until a cluster had been
// answered by every version for the first time.
func firstAnswer(run report.Run) (report.Phase, bool) {
	for _, c := range run.Cases {
		if c.Kind != report.KindScenario || c.Status != report.Passed || len(c.Samples) == 0 {
			continue
		}
		earliest := slices.MinFunc(c.Samples, func(a, b report.Sample) int { return int(a.Converge - b.Converge) })
		return report.Phase{Name: "first cross-cluster answer", Start: run.Started, Duration: c.Start.Add(earliest.Converge).Sub(run.Started)}, true
	}
	return report.Phase{}, false
}

func scenarioSpan(cases []report.Case) (report.Phase, bool) {
	var ids []string
	for _, c := range cases {
		if c.Kind == report.KindScenario {
			ids = append(ids, c.ID)
		}
	}
	phase, ok := span(cases, ids)
	phase.Name = "scenarios"
	return phase, ok
}
