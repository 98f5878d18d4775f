package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/cluster"

	"github.com/eastwest-mesh/eastwest/kind/internal/engine"
)

// removalBound is how long removing clusters may take: 1 to 3 s each, or half a
// minute if something in it is frozen.
const removalBound = 3 * time.Minute

// removal is a context for cleaning up: it must not be cut short by what cut
// the making short.
func removal(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), removalBound)
}

// Close ends the load balancers and leaves the clusters, which belong to nobody
// then: Sweep removes them.
func (g *Group) Close() error {
	g.balancers.end()
	return g.memory.release()
}

// Remove ends the load balancers and removes the clusters and all that is of them.
func (g *Group) Remove(ctx context.Context) error {
	g.balancers.end()
	if err := removeClusters(ctx, g.memory, g.record); err != nil {
		// The folder stays, so that Sweep can try again.
		return errors.Join(err, g.memory.release())
	}
	return g.memory.forget()
}

// removeClusters removes the containers, volumes and, if it was made for them
// and is used by nobody else, the network of a group.
func removeClusters(ctx context.Context, m memory, r record) error {
	provider := cluster.NewProvider(cluster.ProviderWithDocker())
	errs := make([]error, 0, r.Clusters)
	for _, p := range Plans(r.ID, r.Clusters) {
		if err := removeCluster(ctx, provider, p, m.kubeconfig(p.Name())); err != nil {
			errs = append(errs, fmt.Errorf("remove kind cluster %q: %w", p.KindName(), err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if !r.MadeNetwork {
		return nil
	}
	return engine.RemoveUnusedNetwork(ctx, engine.Network())
}

// removeCluster removes the containers and volumes of a cluster. When the engine
// cannot, it tries once more with nothing frozen in them, see engine.Thaw.
func removeCluster(ctx context.Context, provider *cluster.Provider, p Plan, kubeconfig string) error {
	failed := provider.Delete(p.KindName(), kubeconfig)
	if failed == nil {
		return nil
	}
	failed = explain(failed)
	nodes, err := provider.ListNodes(p.KindName())
	if err != nil {
		return failed // the engine does not answer at all, which failed tells
	}
	for _, node := range nodes {
		if err := engine.Thaw(ctx, node.String()); err != nil {
			return errors.Join(failed, fmt.Errorf("thaw what is frozen in %s: %w", node, err))
		}
	}
	return explain(provider.Delete(p.KindName(), kubeconfig))
}

// Left is a group of clusters that no living process has made.
type Left struct {
	ID      string
	Started time.Time
	// Names are what kind calls the clusters.
	Names []string
	// Ledgers is the folder of the ledgers of runs on them.
	Ledgers string

	memory memory
	record record
}

// Leftovers finds the clusters that kept, interrupted or crashed runs have
// left. It only reads.
func Leftovers(cache string) ([]Left, error) {
	o, err := Options{Clusters: 1, Cache: cache}.withDefaults()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(runsFolder(o.Cache))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for kind clusters: %w", err)
	}
	var (
		left []Left
		errs []error
	)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), unfinished) {
			continue // before the first cluster
		}
		m, r, err := recall(filepath.Join(runsFolder(o.Cache), e.Name()))
		if err == nil {
			err = m.acquire()
		}
		switch {
		case errors.Is(err, errInUse):
			continue
		case err != nil:
			errs = append(errs, err)
			continue
		}
		errs = append(errs, m.release())
		one := Left{ID: r.ID, Started: r.Started, Ledgers: m.ledgers(), memory: m, record: r}
		for _, p := range Plans(r.ID, r.Clusters) {
			one.Names = append(one.Names, p.KindName())
		}
		left = append(left, one)
	}
	slices.SortFunc(left, func(a, b Left) int { return a.Started.Compare(b.Started) })
	return left, errors.Join(errs...)
}

// Remove removes the clusters. A group that somebody has begun to remove at
// the same time is refused.
func (l Left) Remove(ctx context.Context) error {
	m := l.memory
	if err := m.acquire(); err != nil {
		return fmt.Errorf("remove kind clusters of %s: %w", l.ID, err)
	}
	if err := errors.Join(l.awaitOrphans(ctx, m), removeClusters(ctx, m, l.record)); err != nil {
		return errors.Join(err, m.release())
	}
	return m.forget()
}

// orphanPoll is how often commands of a dead process are looked for: nothing
// tells when a lock is given back.
const orphanPoll = 300 * time.Millisecond

// awaitOrphans removes clusters until no command of the dead process is left
// that could make them again. Without its container each such command fails.
func (l Left) awaitOrphans(ctx context.Context, m memory) error {
	ctx, cancel := context.WithTimeout(ctx, removalBound)
	defer cancel()
	for {
		orphaned, err := m.orphaned()
		if err != nil || !orphaned {
			return err
		}
		_ = removeClusters(ctx, m, record{ID: l.record.ID, Clusters: l.record.Clusters}) // the last one tells
		select {
		case <-time.After(orphanPoll):
		case <-ctx.Done():
			return fmt.Errorf("remove kind clusters of %s: commands of the process that made them still run after %s; end them first (ps -ef | grep %s%s)", l.ID, removalBound, namePrefix, l.ID)
		}
	}
}
