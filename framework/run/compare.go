package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// Compare asks a run to compare two revisions of the mesh that is there, in place of trying
// HelloWorld.
type Compare struct {
	Pair revisions.Pair
	// Extent is how small a loss is found.
	Extent verdict.Extent
	// MaxDuration bounds the measuring; zero means that it takes what it takes.
	MaxDuration time.Duration
	// Seed draws the orders of calls.
	Seed uint64
}

// Comparing is a comparison of which all is fixed before the first call.
type Comparing struct {
	workload.Compared
	Asked Compare
	// Design is how many calls are made of each cell, and how they are judged.
	Design verdict.Comparison
	// Cells can be called; Absent cannot, since the new revision is not there.
	Cells, Absent []revisions.Cell
	Cost          revisions.Cost
}

// validateCompare tells what is wrong with the configuration of a comparison.
func (c Config) validateCompare() error {
	if c.Compare == nil {
		return nil
	}
	var errs []error
	if !c.Reuse {
		errs = append(errs, errors.New("two revisions are compared on a mesh that is there: want it reused, not installed"))
	}
	if c.Existing {
		errs = append(errs, errors.New("comparing two revisions takes two namespaces of the run's own: leave the namespace that was made beforehand out"))
	}
	if c.Compare.MaxDuration < 0 {
		errs = append(errs, fmt.Errorf("want a duration above 0, got %s", c.Compare.MaxDuration))
	}
	if c.Provider != nil && c.Provider.Traits().Images.Echo == "" {
		errs = append(errs, errors.New("comparing two revisions calls Istio's test program echo, and no image of it is named: give one as images.echo of the fleet file (istio/istio, pkg/test/echo/docker/Dockerfile.app)"))
	}
	return errors.Join(errs...)
}

// compare finds out where the revisions run and fixes what will be called. It refuses, before
// anything is made, what cannot be compared or takes too long.
func (r *Run) compare(ctx context.Context) error {
	if r.config.Compare == nil {
		return nil
	}
	asked := *r.config.Compare
	members, err := members(ctx, r.fleet, asked.Pair)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	comparing := &Comparing{Asked: asked, Compared: workload.Compared{Pair: asked.Pair, Members: members}}
	comparing.Cells, comparing.Absent = revisions.Cells(members)
	comparing.Design = revisions.Size(comparing.Cells, asked.Extent)
	if err := comparing.Design.Check(); err != nil {
		return err
	}
	comparing.Cost = revisions.CostOf(comparing.Cells, comparing.Design, len(members))
	r.comparing = comparing
	r.progress.line("", comparing.String())
	if asked.MaxDuration > 0 && comparing.Cost.Duration > asked.MaxDuration {
		return fmt.Errorf("%w: comparing the revisions takes about %s, and at most %s is allowed: %s; allow more time, or compare in a smaller size", ErrRefused, comparing.Cost.Duration, asked.MaxDuration, comparing.Cost)
	}
	return nil
}

// String tells what will be called, and what it takes.
func (c *Comparing) String() string {
	return fmt.Sprintf("compare revision %s with %s: %s; %d blocks of %d calls a cell find a loss of %g %% more than the old revision's (seed %d)",
		c.Pair.Name(revisions.New), c.Pair.Name(revisions.Old), c.Cost, c.Design.Blocks, c.Design.CallsPerBlock, 100*c.Design.Margin, c.Asked.Seed)
}

// members tells where the new revision runs, or all that is wrong with the pair.
func members(ctx context.Context, f *fleet.Fleet, pair revisions.Pair) ([]revisions.Member, error) {
	found := make([]*istio.Cluster, len(f.Clusters))
	err := f.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		at := slices.Index(f.Clusters, cluster)
		found[at] = istio.Look(ctx, cluster, istio.PartIstiods|istio.PartWebhooks)
		_, why := found[at].Istiods.Get()
		if why != nil {
			return fmt.Errorf("read the control planes of cluster %q: %w", cluster.Name, why)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return membersOf(found, pair)
}

// membersOf wants a Ready istiod of the old revision in every cluster, and one of the new in at
// least one.
func membersOf(clusters []*istio.Cluster, pair revisions.Pair) ([]revisions.Member, error) {
	var (
		members []revisions.Member
		errs    []error
		seen    []string
	)
	anywhere := false
	for _, cluster := range clusters {
		ready := cluster.Ready()
		seen = append(seen, fmt.Sprintf("%s has %s", cluster.Name, orNone(ready)))
		errs = append(errs, tagged(cluster, pair))
		if !slices.Contains(ready, pair.Old) {
			errs = append(errs, fmt.Errorf("cluster %q has no Ready control plane of the old revision %q, but %s: every cluster must have it", cluster.Name, pair.Old, orNone(ready)))
		}
		members = append(members, revisions.Member{Cluster: cluster.Name, New: slices.Contains(ready, pair.New)})
		anywhere = anywhere || slices.Contains(ready, pair.New)
	}
	if !anywhere {
		errs = append(errs, fmt.Errorf("no cluster has a Ready control plane of the new revision %q: %s", pair.New, strings.Join(seen, ", ")))
	}
	return members, errors.Join(errs...)
}

func orNone(ready []string) string {
	if len(ready) == 0 {
		return "none"
	}
	return strings.Join(ready, " and ")
}

// tagged refuses tags: what they lead to may change while it is measured.
func tagged(cluster *istio.Cluster, pair revisions.Pair) error {
	var errs []error
	for _, name := range slices.Compact([]string{pair.Old, pair.New}) {
		if revision, ok := cluster.Resolve(name); ok && revision != name {
			errs = append(errs, fmt.Errorf("cluster %q: %q is a tag, which leads to revision %q: name the revision", cluster.Name, name, revision))
		}
	}
	return errors.Join(errs...)
}

// namespaces are those that the run touches.
func (r *Run) namespaces() []string {
	if r.config.Compare == nil {
		return Namespaces(r.namespace)
	}
	all := []string{names.System}
	for _, arm := range workload.Arms() {
		all = append(all, workload.ArmNamespace(r.namespace, arm))
	}
	return all
}
