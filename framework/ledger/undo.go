package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// UndoOptions say how a run is undone.
type UndoOptions struct {
	// Clients has one entry for each cluster of the journal's header.
	Clients []*kube.Client
	Bounds  kube.Bounds
	// Progress is told each object that is being undone; it is called by
	// several goroutines and may be nil.
	Progress func(cluster string, ref kube.Ref)
}

// Undo undoes everything that the journal announced, backwards, on all
// clusters in parallel. It goes on after errors, so that one stuck finalizer
// does not leave the rest behind, and tells them all. It can be called again.
//
// The caller's context is the bound: after an interrupt pass
// context.WithoutCancel with a deadline of Bounds.Undo (see UndoContext).
func (j *Journal) Undo(ctx context.Context, opts UndoOptions) error {
	names := j.clusters()
	errs := make([]error, len(names))
	var group sync.WaitGroup
	for i, name := range names {
		group.Go(func() { errs[i] = j.undoCluster(ctx, name, opts) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// UndoContext returns a context for undoing that outlives an interrupt of ctx
// and has a deadline of its own.
func UndoContext(ctx context.Context, bounds kube.Bounds) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), bounds.Undo)
}

// clusters lists the clusters that have something to undo, by name.
func (j *Journal) clusters() []string {
	seen := make(map[string]bool)
	var names []string
	for _, entry := range j.Entries() {
		if !seen[entry.Cluster] {
			seen[entry.Cluster] = true
			names = append(names, entry.Cluster)
		}
	}
	sort.Strings(names)
	return names
}

func (j *Journal) undoCluster(ctx context.Context, cluster string, opts UndoOptions) error {
	client := clientFor(opts.Clients, cluster)
	if client == nil {
		return fmt.Errorf("undo run %s: cluster %q is not connected", j.Header.Run, cluster)
	}
	u := undoing{run: j.Header.Run, client: client, opts: opts}
	list := tasks(j.Entries(), cluster)
	// What programs of ours have made goes last: while they run they would
	// only make it again.
	u.wave(ctx, list, EventLabelling, EventMaking)
	u.wave(ctx, list, EventExpecting)
	if err := errors.Join(u.errs...); err != nil {
		return fmt.Errorf("undo run %s: %w", j.Header.Run, err)
	}
	return j.append(Entry{Event: EventUndone, Cluster: cluster})
}

func clientFor(clients []*kube.Client, name string) *kube.Client {
	for _, client := range clients {
		if client.Name == name {
			return client
		}
	}
	return nil
}

// task is one thing to undo, with the UID that a later entry may have told.
type task struct {
	Entry
}

// tasks turns a cluster's entries into what has to be undone, the last first.
// Entries before the cluster's last EventUndone are done with.
func tasks(entries []Entry, cluster string) []task {
	var list []task
	for _, entry := range entries {
		if entry.Cluster != cluster {
			continue
		}
		switch entry.Event {
		case EventMaking, EventExpecting, EventLabelling:
			list = append(list, task{entry})
		case EventMade:
			setUID(list, entry.Ref)
		case EventUndone:
			list = nil
		}
	}
	for i, k := 0, len(list)-1; i < k; i, k = i+1, k-1 {
		list[i], list[k] = list[k], list[i]
	}
	return list
}

// setUID gives the newest announcement of an object the UID that it got.
func setUID(list []task, made kube.Ref) {
	for i := len(list) - 1; i >= 0; i-- {
		ref := &list[i].Ref
		same := ref.APIVersion == made.APIVersion && ref.Kind == made.Kind &&
			ref.Namespace == made.Namespace && ref.Name == made.Name
		if same && list[i].Event != EventLabelling {
			ref.UID = made.UID
			return
		}
	}
}

// undoing is the undo of one cluster under way.
type undoing struct {
	run    string
	client *kube.Client
	opts   UndoOptions

	mu      sync.Mutex
	deleted []kube.Ref // guarded by mu; asked to be deleted, not yet known to be gone
	errs    []error    // guarded by mu
}

// deletionsAtOnce is how many requests an undo has under way on one cluster.
const deletionsAtOnce = 8

// wave undoes the tasks of the given events, started in their order, and then
// waits until all that it deleted is gone. Deletions are not waited for one by
// one: a namespace takes five seconds however empty it is
// (namespaceDeletionGracePeriod of Kubernetes' namespace controller).
func (u *undoing) wave(ctx context.Context, list []task, events ...Event) {
	var group errgroup.Group
	group.SetLimit(deletionsAtOnce)
	for _, t := range list {
		if slices.Contains(events, t.Event) {
			group.Go(func() error { u.undo(ctx, t); return nil })
		}
	}
	_ = group.Wait() // the errors are in u
	u.awaitGone(ctx)
}

func (u *undoing) undo(ctx context.Context, t task) {
	if u.opts.Progress != nil {
		u.opts.Progress(u.client.Name, t.Ref)
	}
	if t.Event == EventLabelling {
		u.failed(u.relabel(ctx, t.Entry))
		return
	}
	ref, err := u.delete(ctx, t.Ref, t.Event == EventMaking)
	u.failed(err)
	if ref.UID != "" {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.deleted = append(u.deleted, ref)
	}
}

func (u *undoing) failed(err error) {
	if err == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.errs = append(u.errs, err)
}

// delete asks for the deletion of what ref names, and returns it with its UID,
// or without when there is nothing to delete. Without a UID the run ended
// between the announcement and the answer: the object is then ours if it has
// our label, where labelled says that it would.
func (u *undoing) delete(ctx context.Context, ref kube.Ref, labelled bool) (kube.Ref, error) {
	if ref.UID == "" {
		found, err := u.client.Get(ctx, ref)
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			return kube.Ref{}, nil
		}
		if err != nil || labelled && kube.RunOf(found) != u.run {
			return kube.Ref{}, err
		}
		ref.UID = found.GetUID()
	}
	if err := u.client.Delete(ctx, ref); err != nil {
		return kube.Ref{}, err
	}
	return ref, nil
}

// awaitGone waits until all that was asked to be deleted is gone.
func (u *undoing) awaitGone(ctx context.Context) {
	var group sync.WaitGroup
	for _, ref := range u.deleted {
		group.Go(func() { u.failed(u.awaitOneGone(ctx, ref)) })
	}
	group.Wait()
	u.deleted = nil
}

// awaitOneGone looks before it waits: most objects are gone at once, and a
// wait that took no time is not worth a line in the report.
func (u *undoing) awaitOneGone(ctx context.Context, ref kube.Ref) error {
	found, err := u.client.Get(ctx, ref)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) || err == nil && found.GetUID() != ref.UID {
		return nil
	}
	return u.client.AwaitGone(ctx, ref, u.opts.Bounds)
}

// relabel gives a label its value from before, unless somebody else has set
// another one since: that is then theirs.
func (u *undoing) relabel(ctx context.Context, entry Entry) error {
	found, err := u.client.Get(ctx, entry.Ref)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	value, labelled := found.GetLabels()[entry.Label]
	if found.GetUID() != entry.Ref.UID || !labelled || value != entry.After {
		return nil
	}
	return u.client.SetLabel(ctx, entry.Ref, entry.Label, entry.Before)
}
