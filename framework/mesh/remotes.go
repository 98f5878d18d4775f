package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// remote is one cluster of a remote secret that istiod reads, and where it leads.
type remote struct {
	istio.RemoteEntry
	// secret is the Secret's name, run the run of eastwest that made it.
	secret, run string
	// leads is the name of the cluster of the fleet that it is for; empty where it is for
	// none of them, or nobody can tell.
	leads string
}

// readRemotes reads the remote secrets of a cluster, and to which of the others they lead.
func readRemotes(ctx context.Context, site *plan.Site, others []fleet.ClusterSpec) ([]remote, []*istio.Cluster, error) {
	here := &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: site.Cluster}, Client: site.Client}
	connected := make([]*fleet.Cluster, len(others))
	for i, spec := range others {
		client, err := site.Peer(spec.Name)
		if err != nil {
			return nil, nil, err
		}
		connected[i] = &fleet.Cluster{ClusterSpec: spec, Client: client}
	}
	var secrets *istio.Cluster
	known := make([]*istio.Cluster, len(others))
	var group sync.WaitGroup
	group.Go(func() { secrets = istio.Look(ctx, here, istio.PartDenied, connected...) })
	for i, other := range connected {
		group.Go(func() { known[i] = istio.Look(ctx, other, istio.PartIstiods) })
	}
	group.Wait()
	for _, other := range known {
		if _, why := other.Identity.Get(); why != nil {
			return nil, nil, fmt.Errorf("identify cluster %q: %w", other.Name, why)
		}
	}
	all, why := secrets.RemoteSecrets.Get()
	if why != nil {
		return nil, nil, fmt.Errorf("read the remote secrets of cluster %q: %w", site.Cluster, why)
	}
	return remotesOf(all, known), known, nil
}

// remotesOf are the entries that istiod reads.
func remotesOf(secrets []istio.RemoteSecret, known []*istio.Cluster) []remote {
	var all []remote
	for _, secret := range secrets {
		if !secret.Labelled || secret.Namespace != names.System {
			continue
		}
		for _, entry := range secret.Entries {
			one := remote{RemoteEntry: entry, secret: secret.Name, run: secret.Run}
			at := slices.IndexFunc(known, func(c *istio.Cluster) bool { return entry.LeadsTo(c, c.IDs()...) })
			if at >= 0 {
				one.leads = known[at].Name
			}
			all = append(all, one)
		}
	}
	return all
}

// checkRemotes wants one remote secret for each other cluster. A mesh may be larger than the
// fleet: secrets of clusters outside of it are noted. It returns the IDs by which istiod will
// list the fleet's clusters.
func checkRemotes(ctx context.Context, site *plan.Site, others []fleet.ClusterSpec) ([]string, error) {
	all, known, err := readRemotes(ctx, site, others)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, one := range all {
		for _, note := range one.notes(known) {
			site.Note(note)
		}
		if one.leads == "" {
			continue
		}
		ids = append(ids, one.ID)
		if client, err := site.Peer(one.leads); err == nil && one.Server != client.REST.Host {
			site.Note(fmt.Sprintf("remote secret %s: its server %s is for the other clusters; its token was tried at %s", one.secret, one.Server, client.REST.Host))
		}
	}
	slices.Sort(ids)
	return ids, errors.Join(judgeRemotes(site.Cluster, all, others)...)
}

// refused is true where its server does not take the token.
func (r remote) refused() bool {
	_, why := r.UID.Get()
	return why != nil && why.Reason == istio.Forbidden && why.Right == ""
}

// notes are facts worth telling: what could not be tried, names that differ, and clusters
// outside of the fleet, which are for their owners to judge.
func (r remote) notes(known []*istio.Cluster) []string {
	var notes []string
	_, why := r.UID.Get()
	if why != nil && r.Broken == "" && !r.refused() {
		notes = append(notes, fmt.Sprintf("remote secret %s: only its name, its server and istiod tell where it leads: %s", r.secret, why))
	}
	switch {
	case r.leads == "" && why == nil:
		notes = append(notes, fmt.Sprintf("remote secret %s is for cluster %q, whose server %s is not one of the fleet's: a cluster of the mesh that is not in the fleet", r.secret, r.ID, r.Server))
	case r.leads == "":
		notes = append(notes, fmt.Sprintf("remote secret %s is for cluster %q: a cluster of the mesh that is not in the fleet", r.secret, r.ID))
	}
	for _, c := range known {
		// Subsets by the label need the two equal.
		if ids := c.IDs(); r.leads == c.Name && len(ids) > 0 && !slices.Contains(ids, r.ID) {
			notes = append(notes, fmt.Sprintf("warning: remote secret %s calls its cluster %q, whose own istiod calls it %q: rules by %s will not match", r.secret, r.ID, strings.Join(ids, ", "), names.Cluster))
		}
	}
	return notes
}

// faults are why istiod would not read a cluster of the fleet with it.
func (r remote) faults() []error {
	var errs []error
	switch denied, _ := r.Denied.Get(); {
	case r.Broken != "":
		errs = append(errs, fmt.Errorf("remote secret %s, entry %s: %s; run create-mesh again", r.secret, r.ID, r.Broken))
	case r.refused():
		errs = append(errs, fmt.Errorf("remote secret %s: its token is not accepted by %s, to which it leads; run create-mesh again", r.secret, r.Server))
	case len(denied) > 0:
		errs = append(errs, fmt.Errorf("remote secret %s: its token may not list %s at %s, so that istiod would not see them; give %s back its ClusterRole",
			r.secret, strings.Join(denied, ", "), r.Server, names.ReaderAccount))
	}
	if r.Loopback() {
		errs = append(errs, fmt.Errorf("remote secret %s has server %s, which istiod's pod takes for itself; make it with --server and an address that other clusters reach", r.secret, r.Server))
	}
	return errs
}

// judgeRemotes wants exactly one remote secret that leads to each other cluster, each with a
// server that another cluster's pods can reach.
func judgeRemotes(cluster string, all []remote, others []fleet.ClusterSpec) []error {
	var errs []error
	for _, other := range others {
		var secrets []string
		for _, one := range all {
			if one.leads == other.Name {
				secrets = append(secrets, one.secret)
			}
		}
		switch {
		case len(secrets) == 0:
			errs = append(errs, fmt.Errorf("cluster %q has no remote secret that leads to cluster %q; run create-mesh again, with all clusters", cluster, other.Name))
		case len(secrets) > 1:
			errs = append(errs, fmt.Errorf("cluster %q has %d remote secrets that lead to cluster %q, %s: istiod would read it twice; delete all but one", cluster, len(secrets), other.Name, strings.Join(secrets, ", ")))
		}
	}
	for _, one := range all {
		if one.leads == "" {
			continue // not the fleet's, and not for us to judge
		}
		for _, err := range one.faults() {
			errs = append(errs, fmt.Errorf("cluster %q: %w", cluster, err))
		}
	}
	return errs
}

// existingAccess is the name of somebody's remote secret that leads to a cluster, "" where
// there is none. One that leads there and is not right is an error: a second one beside it
// would make istiod read the cluster twice.
func existingAccess(ctx context.Context, site *plan.Site, source fleet.ClusterSpec) (string, error) {
	all, _, err := readRemotes(ctx, site, []fleet.ClusterSpec{source})
	if err != nil {
		return "", err
	}
	for _, one := range all {
		if one.run != "" || one.leads != source.Name {
			continue
		}
		if err := errors.Join(one.faults()...); err != nil {
			return "", fmt.Errorf("cluster %q has a remote secret of cluster %q that eastwest did not make: %w", site.Cluster, source.Name, err)
		}
		return one.secret, nil
	}
	return "", nil
}
