package place

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// FleetOptions say which fleet it is.
type FleetOptions struct {
	// File describes the fleet; see fleetfile.Load and fleetfile.FromContexts.
	File *fleetfile.File
	// Progress gets a line for each thing found out and each warning; nil
	// means nobody.
	Progress io.Writer
}

// Fleet is somebody's clusters as a place. It makes nothing and removes nothing.
type Fleet struct {
	options FleetOptions
}

var _ fleet.Provider = (*Fleet)(nil)

// NewFleet returns the place of a fleet whose description was checked.
func NewFleet(o FleetOptions) *Fleet {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return &Fleet{options: o}
}

// Name implements fleet.Provider.
func (p *Fleet) Name() string { return "fleet" }

// Create implements fleet.Provider: it asks the clusters for the networks and
// revisions that the description leaves open, in parallel, and changes nothing.
// n is the number of clusters of the fleet, or 0.
func (p *Fleet) Create(ctx context.Context, n int) ([]fleet.ClusterSpec, error) {
	specs := p.options.File.Specs()
	if n != 0 && n != len(specs) {
		return nil, fmt.Errorf("fleet %s has %d clusters and %d are wanted; leave the number out, or change the fleet", p.options.File.Name, len(specs), n)
	}
	found := make([]discovered, len(specs))
	var group sync.WaitGroup
	for i, spec := range specs {
		group.Go(func() { found[i] = discover(ctx, spec) })
	}
	group.Wait()
	return p.gather(found)
}

// gather tells what was found out, or everything that could not be.
func (p *Fleet) gather(found []discovered) ([]fleet.ClusterSpec, error) {
	specs := make([]fleet.ClusterSpec, 0, len(found))
	for _, one := range found {
		specs = append(specs, one.spec)
	}
	byName := slices.SortedFunc(slices.Values(found), func(a, b discovered) int { return cmp.Compare(a.spec.Name, b.spec.Name) })
	var errs []error
	for _, one := range byName {
		errs = append(errs, one.err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, one := range found {
		_, _ = fmt.Fprintf(p.options.Progress, "fleet: cluster %s: revision %s, network %s\n", one.spec.Name, one.spec.Revision, one.spec.Network)
		if warning := one.warning(); warning != "" {
			_, _ = fmt.Fprintf(p.options.Progress, "fleet: warning: %s\n", warning)
		}
	}
	return specs, nil
}

// discovered is a cluster with what it says of itself.
type discovered struct {
	spec fleet.ClusterSpec
	// clusterID is what its istiod calls it.
	clusterID string
	err       error
}

func discover(ctx context.Context, spec fleet.ClusterSpec) discovered {
	ctx, cancel := context.WithTimeout(ctx, kube.ReadingBounds().Connect)
	defer cancel()
	found := discovered{spec: spec}
	found.err = found.ask(ctx)
	return found
}

func (d *discovered) ask(ctx context.Context) error {
	client, err := kube.New(kube.Options{
		Name: d.spec.Name, Kubeconfig: d.spec.Kubeconfig, Context: d.spec.Context, UserAgent: "fleet",
	})
	if err != nil {
		return err
	}
	if d.spec.Revision, err = fleet.FindRevision(ctx, client, d.spec.Revision); err != nil {
		return err
	}
	if d.spec.Network == "" {
		if d.spec.Network, err = fleet.FindNetwork(ctx, client, d.spec.Revision); err != nil {
			return err
		}
	}
	istiod, err := fleet.IstiodPod(ctx, client, d.spec.Revision)
	if err != nil {
		return err
	}
	d.clusterID = fleet.ClusterID(istiod)
	return nil
}

// warning says that the mesh knows the cluster by another name than the
// fleet: remote secrets are named after the latter.
func (d *discovered) warning() string {
	if d.clusterID == "" || d.clusterID == d.spec.Name {
		return ""
	}
	return fmt.Sprintf("istiod of cluster %s calls it %q (its CLUSTER_ID), and the other clusters will know it as %q: rules on the label topology.istio.io/cluster match only one of the two; name the cluster %q in the fleet file if it need not be otherwise",
		d.spec.Name, d.clusterID, d.spec.Name, d.clusterID)
}

// Destroy implements fleet.Provider: the clusters are somebody's.
func (p *Fleet) Destroy(context.Context) error { return nil }

// Traits implements fleet.Provider.
func (p *Fleet) Traits() fleet.Traits {
	file := p.options.File
	return fleet.Traits{
		InstallsMesh: false,
		Tools:        file.Tools.AsTools(),
		Images:       file.Images.AsImages(),
		Workload:     file.Workload,
		Bounds:       kube.DefaultBounds(),
	}
}
