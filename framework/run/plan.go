package run

import (
	"errors"
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// Title is that of the guide.
const Title = "Set up a multi-cluster mesh outside Google Cloud"

// PlanOptions say what the guide is carried out with.
type PlanOptions struct {
	Clusters []fleet.ClusterSpec
	Traits   fleet.Traits
	MeshID   string
	// PilotCertProvider is the cell's value; empty means "istiod".
	PilotCertProvider string
	// GatewayFlags are the cell's, nil for a current istioctl; FleetID is the
	// fleet's project, for asmcli.
	GatewayFlags []string
	FleetID      string
	// Notes are what the plan's reader should know first.
	Notes []string
	// Placeholders is true where the clusters are not known yet: the plan can be
	// read, and its script be filled in, but it cannot be run.
	Placeholders bool
	// Namespace of the sample programs; empty means workload.DefaultNamespace.
	Namespace string
	// Existing is true where that namespace was made beforehand.
	Existing bool
	// Reuse leaves out the steps that make the mesh: it is there already.
	Reuse bool
	// Compared has the workloads of two revisions made in place of HelloWorld; the mesh is
	// then reused.
	Compared *workload.Compared
}

// DefaultMeshID is the mesh's ID where no fleet project gives one.
const DefaultMeshID = "eastwest"

// NewPlan makes the plan of the guide.
func NewPlan(opts PlanOptions) (plan.Plan, error) {
	meshOptions := mesh.Options{
		Clusters: opts.Clusters, Traits: opts.Traits, MeshID: opts.MeshID, PilotCertProvider: opts.PilotCertProvider,
		GatewayFlags: opts.GatewayFlags, FleetID: opts.FleetID, Placeholders: opts.Placeholders,
	}
	if meshOptions.MeshID == "" {
		meshOptions.MeshID = DefaultMeshID
	}
	sampleOptions := workload.Options{Clusters: opts.Clusters, Namespace: opts.Namespace, Existing: opts.Existing, Images: opts.Traits.Images, Workload: opts.Traits.Workload}
	steps, err := steps(meshOptions, sampleOptions, opts.Reuse)
	if opts.Compared != nil {
		steps, err = comparingSteps(meshOptions, sampleOptions, *opts.Compared)
	}
	if err != nil {
		return plan.Plan{}, fmt.Errorf("plan the guide: %w", err)
	}
	return plan.Plan{
		Title: Title, Notes: opts.Notes, Variables: mesh.Variables(meshOptions), Steps: steps, Optional: workload.OptionalParts(sampleOptions),
	}, nil
}

// steps makes everything in the guide's order and waits at the end: gateways,
// discovery and sample become ready at the same time, as they would for
// whoever follows the guide by hand.
func steps(meshOptions mesh.Options, sampleOptions workload.Options, reuse bool) ([]plan.Step, error) {
	var (
		all     []plan.Step
		meshErr error
	)
	ready := mesh.ReuseSteps(meshOptions)
	if !reuse {
		all, meshErr = mesh.Steps(meshOptions)
		ready = mesh.ReadySteps(meshOptions)
	}
	sampleSteps, sampleErr := workload.Steps(sampleOptions)
	if err := errors.Join(meshErr, sampleErr); err != nil {
		return nil, err
	}
	return slices.Concat(all, sampleSteps, ready, workload.ReadySteps(sampleOptions)), nil
}

// comparingSteps make the workloads of two revisions on a mesh that is there. Only the old one is
// waited for: what the new one does not manage is what is asked.
func comparingSteps(meshOptions mesh.Options, sampleOptions workload.Options, compared workload.Compared) ([]plan.Step, error) {
	meshOptions.Revision = compared.Pair.Old
	made, err := workload.RevisionSteps(sampleOptions, compared)
	return slices.Concat(mesh.ReuseSteps(meshOptions), made, workload.RevisionReadySteps(sampleOptions, compared)), err
}

// PlanEnv is what the plan needs to run on a connected fleet: its variables get
// the paths of the fleet's minimal kubeconfigs.
func PlanEnv(f *fleet.Fleet, traits fleet.Traits, run string, journal plan.Journal) plan.Env {
	env := plan.Env{Run: run, Journal: journal, Bounds: f.Bounds, Clients: f.Clients()}
	specs := make([]fleet.ClusterSpec, 0, len(f.Clusters))
	for _, cluster := range f.Clusters {
		spec := cluster.ClusterSpec
		spec.Kubeconfig = cluster.Minimal
		specs = append(specs, spec)
	}
	env.Variables = mesh.Variables(mesh.Options{Clusters: specs, Traits: traits})
	return env
}

// Namespaces are those that the guide touches, with the workloads in the given one: what an
// inventory looks at.
func Namespaces(workloads string) []string { return []string{names.System, workloads} }
