package istio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// Found is what a cluster says of itself.
type Found struct {
	Cluster, Revision, Network string
	// ClusterID is what its istiod calls it; empty where that does not say.
	ClusterID string
}

// Settle asks the clusters, in parallel, for what their description leaves open, and fills in
// the revision of a run, which a tag leads to, and the network. It tells all that cannot be
// found out at once.
func Settle(ctx context.Context, clusters []*fleet.Cluster) ([]Found, error) {
	found, errs := make([]Found, len(clusters)), make([]error, len(clusters))
	var group sync.WaitGroup
	for i, cluster := range clusters {
		group.Go(func() { found[i], errs[i] = settle(ctx, cluster) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for i, cluster := range clusters {
		cluster.Revision, cluster.Network = found[i].Revision, found[i].Network
	}
	return found, nil
}

func settle(ctx context.Context, cluster *fleet.Cluster) (Found, error) {
	parts := PartIstiods
	if cluster.Network == "" {
		parts |= PartSystem | PartInjectors
	}
	read := lookAt(ctx, cluster.Client, cluster.Revision, parts)
	istiod, err := read.istiod()
	if err != nil {
		return Found{}, err
	}
	found := Found{Cluster: cluster.Name, Revision: istiod.Revision, Network: cluster.Network, ClusterID: istiod.Env[names.EnvClusterID]}
	if found.Network == "" {
		if found.Network, err = read.networkOf(istiod.Revision); err != nil {
			return Found{}, fmt.Errorf("find the network of cluster %q: %w", cluster.Name, err)
		}
	}
	return found, nil
}

// networkOf is the network of a cluster: the label of istio-system, which istiod gives the
// cluster's endpoints, or else what the injector of the revision tells proxies.
func (c *Cluster) networkOf(revision string) (string, error) {
	system, why := c.System.Get()
	if why != nil {
		return "", why
	}
	if network := system.Labels[names.Network]; network != "" {
		return network, nil
	}
	injectors, why := c.Injectors.Get()
	if why != nil {
		return "", why
	}
	at := slices.IndexFunc(injectors, func(i Injector) bool { return i.Revision == revision && i.Network != "" })
	if at < 0 {
		return "", fmt.Errorf("neither namespace %s has the label %s nor the injector a network; give the cluster's network in the fleet file, and label the namespace with it", names.System, names.Network)
	}
	return injectors[at].Network, nil
}

// Lines tell what was found, and warn where the mesh knows the cluster by another name than the
// fleet: remote secrets are named after the latter.
func (f Found) Lines() []string {
	lines := []string{fmt.Sprintf("cluster %s: revision %s, network %s", f.Cluster, f.Revision, f.Network)}
	if f.ClusterID != "" && f.ClusterID != f.Cluster {
		lines = append(lines, fmt.Sprintf("warning: istiod of cluster %s calls it %q (its %s), and the other clusters will know it as %q: rules on the label %s match only one of the two; name the cluster %q in the fleet file if it need not be otherwise",
			f.Cluster, f.ClusterID, names.EnvClusterID, f.Cluster, names.Cluster, f.ClusterID))
	}
	return lines
}
