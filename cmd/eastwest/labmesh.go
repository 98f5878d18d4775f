package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

// meshExtent is how much of a mesh is set up on a lab that is left running.
type meshExtent int

const (
	noMesh meshExtent = iota
	onlyControlPlanes
	// another is one more control plane on one cluster.
	another
	wholeMesh
)

// meshSetup is what is set up on a lab that is left running.
type meshSetup struct {
	extent meshExtent
	// cni captures traffic by Istio's CNI plugin.
	cni bool
	// cluster and revision are those of another control plane.
	cluster, revision string
}

// setUpMesh carries out the page on a running lab and leaves it there, for
// whoever wants to look at a mesh or to break one. It goes with the lab.
func setUpMesh(ctx context.Context, streams ioStreams, l *lab.Lab, setup meshSetup) (err error) {
	traits, specs := providers.LabTraits(l), providers.Specs(l)
	traits.CNI = setup.cni
	f, err := fleet.Connect(ctx, specs, fleet.Options{Bounds: traits.Bounds, UserAgent: "lab-up", TempDir: traits.StateDir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for i := range specs {
		specs[i].Revision = setup.revision
	}
	p, err := run.NewPlan(run.PlanOptions{Clusters: specs, Traits: traits})
	if err != nil {
		return err
	}
	switch setup.extent {
	case onlyControlPlanes:
		p, _ = splitControlPlanes(p)
	case another:
		p = onlyIstiod(p, setup.cluster)
	case noMesh, wholeMesh:
	}
	id, journal, err := journalOf(ctx, f, traits.StateDir, setup)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	runner := plan.Runner{Env: run.PlanEnv(f, traits, id, journal), Observe: plan.Observer{StepEnded: func(r plan.Result) {
		fmt.Fprintf(streams.errOut, "lab: %-40s %5.1f s\n", r.Title, r.Took.Seconds())
	}}}
	_, err = runner.Run(ctx, p)
	return err
}

// journalOf begins the journal of a run. Another control plane is a part of the run that has
// made the first: they share definitions and roles.
func journalOf(ctx context.Context, f *fleet.Fleet, dir string, setup meshSetup) (string, *ledger.Journal, error) {
	if setup.extent == another {
		run, _, err := runOfMesh(ctx, f, setup.cluster)
		if err != nil {
			return "", nil, err
		}
		journal, err := ledger.Open(dir, run)
		return run, journal, err
	}
	run := ledger.NewRunID(time.Now())
	journal, err := ledger.Create(dir, header(run, f))
	return run, journal, err
}

// runOfMesh is the run that has made the mesh of a lab, and the client of a cluster that
// the lab is known to have.
func runOfMesh(ctx context.Context, f *fleet.Fleet, cluster string) (string, *kube.Client, error) {
	i := slices.IndexFunc(f.Clusters, func(c *fleet.Cluster) bool { return c.Name == cluster })
	client := f.Clusters[i].Client
	system, err := client.Get(ctx, kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: names.System})
	if apierrors.IsNotFound(err) {
		return "", nil, fmt.Errorf("%s has no control plane; make the mesh with \"eastwest lab up --mesh\" first", cluster)
	}
	if err != nil {
		return "", nil, err
	}
	if run := kube.RunOf(system); run != "" {
		return run, client, nil
	}
	return "", nil, fmt.Errorf("the namespace %s of %s was not made by \"eastwest lab up --mesh\"", names.System, cluster)
}

// onlyIstiod is the step of a plan that installs istiod, on one cluster.
func onlyIstiod(p plan.Plan, cluster string) plan.Plan {
	step, _ := p.Step(mesh.StepIstiod)
	step.Work = slices.DeleteFunc(slices.Clone(step.Work), func(w plan.Work) bool { return w.Cluster != cluster })
	p.Steps = []plan.Step{step}
	return p
}

// splitControlPlanes parts the steps before the page from the page's own.
func splitControlPlanes(p plan.Plan) (controlPlanes, own plan.Plan) {
	controlPlanes, own = p, p
	controlPlanes.Steps, own.Steps = nil, nil
	for _, s := range p.Steps {
		if slices.Contains(mesh.ControlPlaneSteps(), s.ID) {
			controlPlanes.Steps = append(controlPlanes.Steps, s)
		} else {
			own.Steps = append(own.Steps, s)
		}
	}
	return controlPlanes, own
}

func header(run string, f *fleet.Fleet) ledger.Header {
	h := ledger.Header{Run: run, Started: time.Now(), Place: "lab", Owner: ledger.Owner()}
	for _, c := range f.Clusters {
		h.Clusters = append(h.Clusters, ledger.Cluster{Name: c.Name, Kubeconfig: c.Kubeconfig, Context: c.Context, UID: string(c.UID)})
	}
	return h
}
