package istio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// ErrAmbiguousRevision says that a revision must be given, because the cluster does not
// settle it: wrong use, not a broken mesh.
var ErrAmbiguousRevision = errors.New("ambiguous revision")

// ErrServedElsewhere says that a cluster has no control plane of its own, and that nothing is
// wrong with that: a run cannot use it.
var ErrServedElsewhere = errors.New("its control plane is in another cluster (primary-remote)")

// ServedBy is what the cluster's namespace says of the clusters that serve it; empty where it
// says nothing, and where that could not be read.
func (c *Cluster) ServedBy() string {
	system, _ := c.System.Get()
	return system.ControlPlanes
}

// Resolve leads a name to its revision, which is what a tag of that name means. ok is false
// where nothing here has the name: it may be a tag that is not known, or one that was
// removed while its pods run on.
func (c *Cluster) Resolve(name string) (revision string, ok bool) {
	if c.has(name) {
		return name, true
	}
	webhooks, why := c.Webhooks.Get()
	if i := slices.IndexFunc(webhooks, func(w Webhook) bool { return w.Tag == name && w.Revision != "" }); i >= 0 {
		return webhooks[i].Revision, true
	}
	return name, why == nil && name == c.Revision
}

// has is true where something of a control plane of that revision is there.
func (c *Cluster) has(revision string) bool {
	configs, _ := c.MeshConfigs.Get()
	injectors, _ := c.Injectors.Get()
	return c.Runs(revision) ||
		slices.ContainsFunc(configs, func(m MeshConfig) bool { return m.Revision == revision }) ||
		slices.ContainsFunc(injectors, func(i Injector) bool { return i.Revision == revision })
}

// Runs is true where an istiod of that revision is there.
func (c *Cluster) Runs(revision string) bool {
	istiods, _ := c.Istiods.Get()
	return slices.ContainsFunc(istiods, func(i Istiod) bool { return i.Revision == revision })
}

// Ready are the revisions that have a Ready istiod.
func (c *Cluster) Ready() []string {
	istiods, _ := c.Istiods.Get()
	ready := map[string]bool{}
	for _, istiod := range istiods {
		if istiod.Ready {
			ready[istiod.Revision] = true
		}
	}
	return slices.Sorted(maps.Keys(ready))
}

// Settled is the revision that a run uses: the declared one, or that to which a declared tag
// leads, if it has a Ready istiod; with none declared the only one that has. Between several
// it refuses to guess.
func (c *Cluster) Settled() (string, error) {
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("find the revision of cluster %q: %w", c.Name, err)
	}
	if _, why := c.Istiods.Get(); why != nil {
		return fail(why)
	}
	ready, wanted := c.Ready(), c.Revision
	if wanted != "" && !slices.Contains(ready, wanted) {
		if _, why := c.Webhooks.Get(); why != nil && !c.has(wanted) {
			return fail(fmt.Errorf("look for a tag %q: %w", wanted, why))
		}
		wanted, _ = c.Resolve(wanted)
	}
	switch {
	case len(ready) == 0 && c.ServedBy() != "":
		return fail(fmt.Errorf("%w: namespace %s has %s=%s; leave the cluster out of the fleet, and have \"eastwest diagnose\" judge the whole mesh: a run sets up and tries clusters with a control plane each",
			ErrServedElsewhere, names.System, names.ControlPlanes, c.ServedBy()))
	case len(ready) == 0:
		return fail(fmt.Errorf("no Ready pod with label %s in namespace %s; install the control plane first", names.IstiodSelector, names.System))
	case wanted != "" && slices.Contains(ready, wanted):
		return wanted, nil
	case wanted != "":
		return fail(fmt.Errorf("want revision %q, found %s: %w; give one of these", wanted, strings.Join(ready, ", "), ErrAmbiguousRevision))
	case len(ready) > 1:
		return fail(fmt.Errorf("several control planes are Ready, %s: %w; say which with --revision", strings.Join(ready, ", "), ErrAmbiguousRevision))
	}
	return ready[0], nil
}

// FindIstiod is a Ready istiod of the revision that Settled gives. The wanted revision may be
// a tag, or empty.
func FindIstiod(ctx context.Context, client *kube.Client, wanted string) (Istiod, error) {
	cluster := lookAt(ctx, client, wanted, PartIstiods)
	return cluster.istiod()
}

// FindRevision is the revision of FindIstiod.
func FindRevision(ctx context.Context, client *kube.Client, wanted string) (string, error) {
	istiod, err := FindIstiod(ctx, client, wanted)
	return istiod.Revision, err
}

// lookAt reads parts, and the webhooks where the wanted revision may be a tag.
func lookAt(ctx context.Context, client *kube.Client, wanted string, parts Part) *Cluster {
	cluster := &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: client.Name, Revision: wanted}, Client: client}
	found := Look(ctx, cluster, parts)
	if _, why := found.Istiods.Get(); why == nil && wanted != "" && !found.Runs(wanted) {
		found.Webhooks = Look(ctx, cluster, PartWebhooks).Webhooks
	}
	if len(found.Ready()) == 0 && parts&PartSystem == 0 {
		found.System = Look(ctx, cluster, PartSystem).System
	}
	return found
}

// istiod is a Ready one of the settled revision.
func (c *Cluster) istiod() (Istiod, error) {
	revision, err := c.Settled()
	if err != nil {
		return Istiod{}, err
	}
	istiods, _ := c.Istiods.Get()
	at := slices.IndexFunc(istiods, func(i Istiod) bool { return i.Ready && i.Revision == revision })
	return istiods[at], nil
}

// RevisionShell is FindRevision for a shell: the commands that put the only revision of a
// cluster's control plane into a variable, or end the script. kubectl is the command with
// which the cluster is reached.
func RevisionShell(variable, kubectl string) string {
	return variable + `=$(` + kubectl + ` --namespace=` + names.System + ` get pods --selector=` + names.IstiodSelector +
		` --output=jsonpath='{range .items[*]}{.metadata.labels.` + strings.ReplaceAll(names.Revision, ".", `\.`) + `}{"\n"}{end}' | sort -u)` + "\n" +
		`[[ $` + variable + ` =~ ^[^[:space:]]+$ ]] || { echo "want one revision of istiod, found: ${` + variable + `:-none}" >&2; exit 1; }`
}
