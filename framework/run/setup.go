package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// Extent is how much of a mesh is set up and left.
type Extent int

const (
	// WholeMesh is all that the guide sets up, the workloads too.
	WholeMesh Extent = iota
	// OnlyControlPlanes is what a fleet has before the guide begins.
	OnlyControlPlanes
	// AnotherControlPlane is one more istiod, with a revision, on one cluster.
	AnotherControlPlane
)

// Setup is a mesh that is set up on clusters of ours and left there, to be looked at or
// broken. It goes with the clusters.
type Setup struct {
	Extent Extent
	Specs  []fleet.ClusterSpec
	// Traits are the environment's; StateDir is where the ledger is kept.
	Traits fleet.Traits
	// Environment is its name, for the ledger.
	Environment string
	// Cluster and Revision are those of another control plane.
	Cluster, Revision string
	// StepEnded is called after each step; nil calls nobody.
	StepEnded func(plan.Result)
}

// connect connects to all clusters of the set-up.
func (s Setup) connect(ctx context.Context, agent string) (*fleet.Fleet, error) {
	return fleet.Connect(ctx, s.Specs, fleet.Options{Bounds: s.Traits.Bounds, UserAgent: agent, TempDir: s.Traits.StateDir})
}

// SetUp carries out the set-up. What it made is in the ledger of a run, whose ID the
// namespaces are labelled with.
func SetUp(ctx context.Context, s Setup) (err error) {
	f, err := s.connect(ctx, "set-up")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	specs := slices.Clone(s.Specs)
	for i := range specs {
		specs[i].Revision = s.Revision
	}
	p, err := NewPlan(PlanOptions{Clusters: specs, Traits: s.Traits})
	if err != nil {
		return err
	}
	switch s.Extent {
	case OnlyControlPlanes:
		p, _ = SplitControlPlanes(p)
	case AnotherControlPlane:
		p = onlyIstiod(p, s.Cluster)
	case WholeMesh:
	}
	id, journal, err := s.journal(ctx, f)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	runner := plan.Runner{Env: PlanEnv(f, s.Traits, id, journal), Observe: plan.Observer{StepEnded: s.StepEnded}}
	_, err = runner.Run(ctx, p)
	return err
}

// journal begins the journal of a run. Another control plane is a part of the run that has
// made the first: they share definitions and roles.
func (s Setup) journal(ctx context.Context, f *fleet.Fleet) (string, *ledger.Journal, error) {
	if s.Extent == AnotherControlPlane {
		id, _, err := s.meshOf(ctx, f)
		if err != nil {
			return "", nil, err
		}
		journal, err := ledger.Open(s.Traits.StateDir, id)
		return id, journal, err
	}
	id := ledger.NewRunID(time.Now())
	journal, err := ledger.Create(s.Traits.StateDir, headerOf(id, s.Environment, f))
	return id, journal, err
}

// meshOf is the run that has made the mesh, and the client of the cluster.
func (s Setup) meshOf(ctx context.Context, f *fleet.Fleet) (string, *kube.Client, error) {
	cluster := f.Cluster(s.Cluster)
	if cluster == nil {
		return "", nil, fmt.Errorf("no cluster %q: want one of those that are set up", s.Cluster)
	}
	client := cluster.Client
	system, err := client.Get(ctx, kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: names.System})
	if apierrors.IsNotFound(err) {
		return "", nil, fmt.Errorf("%s has no control plane; make the mesh with \"eastwest lab up --mesh\" first", s.Cluster)
	}
	if err != nil {
		return "", nil, err
	}
	if id := kube.RunOf(system); id != "" {
		return id, client, nil
	}
	return "", nil, fmt.Errorf("the namespace %s of %s was not made by \"eastwest lab up --mesh\"", names.System, s.Cluster)
}

// onlyIstiod is the step of a plan that installs istiod, on one cluster.
func onlyIstiod(p plan.Plan, cluster string) plan.Plan {
	step, _ := p.Step(mesh.StepIstiod)
	step.Work = slices.DeleteFunc(slices.Clone(step.Work), func(w plan.Work) bool { return w.Cluster != cluster })
	p.Steps = []plan.Step{step}
	return p
}

// SplitControlPlanes parts the steps before the guide from the guide's own.
func SplitControlPlanes(p plan.Plan) (controlPlanes, own plan.Plan) {
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

func headerOf(id, environment string, f *fleet.Fleet) ledger.Header {
	h := ledger.Header{Run: id, Started: time.Now(), Environment: environment, Owner: ledger.Owner()}
	for _, c := range f.Clusters {
		h.Clusters = append(h.Clusters, ledger.Cluster{Name: c.Name, Kubeconfig: c.Kubeconfig, Context: c.Context, UID: string(c.UID)})
	}
	return h
}

// ErrNoControlPlane says that a cluster has no control plane of a revision.
var ErrNoControlPlane = errors.New("no such control plane")

// RemoveControlPlane deletes what the ledger says that AnotherControlPlane has made, and
// returns how many objects those were; ErrNoControlPlane where there are none.
func RemoveControlPlane(ctx context.Context, s Setup) (removed int, err error) {
	f, err := s.connect(ctx, "remove-istiod")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	id, client, err := s.meshOf(ctx, f)
	if err != nil {
		return 0, err
	}
	journal, err := ledger.Open(s.Traits.StateDir, id)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	refs, err := still(ctx, client, ofRevision(journal.Entries(), s.Cluster, s.Revision))
	if err != nil {
		return 0, err
	}
	if len(refs) == 0 {
		return 0, fmt.Errorf("%w: %s has none of revision %s", ErrNoControlPlane, s.Cluster, s.Revision)
	}
	for _, ref := range slices.Backward(refs) {
		if err := client.Delete(ctx, ref); err != nil {
			return 0, err
		}
	}
	for _, ref := range refs {
		if err := client.AwaitGone(ctx, ref, s.Traits.Bounds); err != nil {
			return 0, err
		}
	}
	return len(refs), nil
}

// still are those of the objects that are there.
func still(ctx context.Context, client *kube.Client, refs []kube.Ref) ([]kube.Ref, error) {
	var there []kube.Ref
	for _, ref := range refs {
		found, err := client.Get(ctx, ref)
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return nil, err
		case found.GetUID() == ref.UID:
			there = append(there, ref)
		}
	}
	return there, nil
}

// ofRevision are the objects that were made for a revision beside those of the first control
// plane, which have the same names without it.
func ofRevision(entries []ledger.Entry, cluster, revision string) []kube.Ref {
	var refs []kube.Ref
	first := map[kube.Ref]bool{}
	for _, entry := range entries {
		if entry.Event != ledger.EventMade || entry.Cluster != cluster {
			continue
		}
		ref := entry.Ref
		ref.UID = ""
		first[ref] = true
		refs = append(refs, entry.Ref)
	}
	return slices.DeleteFunc(refs, func(ref kube.Ref) bool {
		without := ref
		without.UID = ""
		without.Name = strings.Replace(ref.Name+"-", "-"+revision+"-", "-", 1)
		without.Name = strings.TrimSuffix(without.Name, "-")
		return without.Name == ref.Name || !first[without]
	})
}
