package mesh

import (
	"fmt"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// The shape of a mesh: which clusters have a control plane of their own, and which share a
// network. What a cluster of one shape needs, one of another must not have.

// actions is what a step does on a cluster.
type actions func(fleet.ClusterSpec) []plan.Action

// primaries keeps a step to the clusters that have a control plane of their own.
func (b *builder) primaries(do actions) actions {
	return only(do, func(c fleet.ClusterSpec) bool { return c.Primary == "" })
}

// remotes keeps a step to the clusters that another one's control plane serves.
func (b *builder) remotes(do actions) actions {
	return only(do, func(c fleet.ClusterSpec) bool { return c.Primary != "" })
}

// entered keeps a step to the clusters that others enter by a gateway. On one network pods
// reach each other; where we make the whole mesh it gets no gateway that nobody needs, but
// that of a control plane which others reach by it.
func (b *builder) entered(do actions) actions {
	return only(do, func(c fleet.ClusterSpec) bool {
		return !b.opts.Traits.InstallsMesh || len(otherNetworks(c, b.opts.Clusters)) > 0 || b.serves(c)
	})
}

// readElsewhere keeps a step to the clusters that the control plane of another one reads.
func (b *builder) readElsewhere(do actions) actions {
	return only(do, func(c fleet.ClusterSpec) bool {
		return slices.ContainsFunc(b.opts.Clusters, func(o fleet.ClusterSpec) bool { return o.Name != c.Name && o.Primary == "" })
	})
}

// serves is true for a cluster whose control plane serves another one.
func (b *builder) serves(c fleet.ClusterSpec) bool {
	return slices.ContainsFunc(b.opts.Clusters, func(o fleet.ClusterSpec) bool { return o.Primary == c.Name })
}

func only(do actions, on func(fleet.ClusterSpec) bool) actions {
	return func(c fleet.ClusterSpec) []plan.Action {
		if !on(c) {
			return nil
		}
		return do(c)
	}
}

// checkPrimary refuses a control plane elsewhere that could not be.
func (o Options) checkPrimary(cluster fleet.ClusterSpec) error {
	if cluster.Primary == "" {
		return nil
	}
	i := slices.IndexFunc(o.Clusters, func(c fleet.ClusterSpec) bool { return c.Name == cluster.Primary })
	switch {
	case i < 0 || cluster.Primary == cluster.Name:
		return fmt.Errorf("mesh: cluster %q: want its control plane in another cluster of the mesh, got %q", cluster.Name, cluster.Primary)
	case o.Clusters[i].Primary != "":
		return fmt.Errorf("mesh: cluster %q: want its control plane in a cluster that has one, and that of %q is in %q", cluster.Name, cluster.Primary, o.Clusters[i].Primary)
	case !o.Traits.InstallsMesh:
		return fmt.Errorf("mesh: cluster %q has its control plane in %q: such a mesh is only made on clusters of our own", cluster.Name, cluster.Primary)
	}
	return nil
}
