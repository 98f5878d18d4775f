package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// UndoOptions say how a run is undone.
type UndoOptions struct {
	// Clients has one entry for each cluster of the journal's header.
	Clients []*kube.Client
	// Withheld says, by cluster, why nothing may be undone there now.
	Withheld map[string]error
	Bounds   kube.Bounds
	// Progress gets each object that is being undone; it is called by
	// several goroutines and may be nil.
	Progress func(cluster string, ref kube.Ref)
}

// Undo undoes everything that the journal announced, backwards, on all
// clusters in parallel. It goes on after errors, so that one stuck finalizer
// does not leave the rest behind, and tells them all. It can be called again.
//
// What may not be the run's, and what somebody has made theirs since, is left where it
// is and returned.
//
// The caller's context is the bound: after an interrupt pass
// context.WithoutCancel with a deadline of Bounds.Undo (see UndoContext).
func (j *Journal) Undo(ctx context.Context, opts UndoOptions) ([]Stay, error) {
	names := j.clusters()
	stays, errs := make([][]Stay, len(names)), make([]error, len(names))
	var group sync.WaitGroup
	for i, name := range names {
		group.Go(func() { stays[i], errs[i] = j.undoCluster(ctx, name, opts) })
	}
	group.Wait()
	return slices.Concat(stays...), errors.Join(errs...)
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

func (j *Journal) undoCluster(ctx context.Context, cluster string, opts UndoOptions) ([]Stay, error) {
	if why := opts.Withheld[cluster]; why != nil {
		return nil, fmt.Errorf("undo run %s: left as it is on cluster %q: %w", j.Header.Run, cluster, why)
	}
	client := clientFor(opts.Clients, cluster)
	if client == nil {
		return nil, fmt.Errorf("undo run %s: cluster %q is not connected", j.Header.Run, cluster)
	}
	until, err := j.until(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("undo run %s: %w", j.Header.Run, err)
	}
	list := tasks(j.Entries(), cluster)
	u := undoing{header: j.Header, client: client, opts: opts, until: until, owned: namespacesOf(list), tools: toolsOf(list)}
	u.run(ctx, order(list))
	if err := errors.Join(u.errs...); err != nil {
		return u.stays, fmt.Errorf("undo run %s: %w", j.Header.Run, err)
	}
	return u.stays, j.append(Entry{Event: EventUndone, Cluster: cluster})
}

// until is the last moment, by the API server's clock, at which the run can have made
// something: now if it is this process's, else when it was last seen alive. It is zero
// where nobody knows.
func (j *Journal) until(ctx context.Context, client *kube.Client) (time.Time, error) {
	if j.own {
		return client.ServerTime(ctx)
	}
	var last time.Time
	for _, entry := range j.Entries() {
		if entry.Event == EventEnded && entry.Cluster == client.Name {
			last = entry.ServerTime
		}
	}
	return last, nil
}

// namespacesOf are the namespaces that the run has made: all that is in them goes.
func namespacesOf(list []task) []string {
	var names []string
	for _, t := range list {
		if t.Event == EventMaking && t.Ref.Kind == "Namespace" {
			names = append(names, t.Ref.Name)
		}
	}
	return names
}

func toolsOf(list []task) []string {
	var tools []string
	for _, t := range list {
		if t.Event == EventExpecting && !slices.Contains(tools, t.Tool) {
			tools = append(tools, t.Tool)
		}
	}
	return tools
}

func clientFor(clients []*kube.Client, name string) *kube.Client {
	for _, client := range clients {
		if client.Name == name {
			return client
		}
	}
	return nil
}

// task is one thing to undo, with the UID that a later entry may have given.
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
		case EventEnded: // nothing to undo
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

// stages are a cluster's tasks in the order in which they are undone, each
// the last first.
type stages struct {
	// namespaces come first, with the pods in them. An empty namespace takes
	// five seconds to go (namespaceDeletionGracePeriod of Kubernetes' namespace
	// controller), and five more for each time that a pod is found in it: so the
	// pods have to end while that time runs.
	namespaces []task
	rest       []task
	// definitions stay until no pod is left that could be reading what they define.
	definitions []task
	// expected is what programs of the run have made: while they run they
	// would only make it again.
	expected []task
}

func order(list []task) stages {
	var s stages
	for _, t := range list {
		switch {
		case t.Event == EventExpecting:
			s.expected = append(s.expected, t)
		case t.Event == EventLabelling:
			s.rest = append(s.rest, t)
		case t.Ref.Kind == "Namespace":
			s.namespaces = append(s.namespaces, t)
		case t.Ref.Kind == kube.DefinitionKind:
			s.definitions = append(s.definitions, t)
		default:
			s.rest = append(s.rest, t)
		}
	}
	return s
}

// undoing is the undo of one cluster under way.
type undoing struct {
	header Header
	client *kube.Client
	opts   UndoOptions
	until  time.Time // see Journal.until
	owned  []string  // the run's own namespaces
	tools  []string  // what the run has started

	mu      sync.Mutex
	stays   []Stay     // guarded by mu
	deleted []kube.Ref // guarded by mu; asked to be deleted, not yet known to be gone
	errs    []error    // guarded by mu
}

// run undoes the stages. Deletions are not waited for one by one: the slow
// ones, namespaces and pods, take their time while the rest goes.
func (u *undoing) run(ctx context.Context, s stages) {
	u.start(ctx, s.namespaces)
	emptied := u.endPods(ctx)
	u.start(ctx, s.rest)
	u.awaitNoPods(ctx, emptied)
	u.start(ctx, s.definitions)
	u.awaitGone(ctx)
	u.start(ctx, s.expected)
	u.awaitGone(ctx)
}

// deletionsAtOnce is how many requests an undo has under way on one cluster.
const deletionsAtOnce = 8

// start undoes the tasks, started in their order, without waiting for what it
// deletes to be gone.
func (u *undoing) start(ctx context.Context, list []task) {
	var group errgroup.Group
	group.SetLimit(deletionsAtOnce)
	for _, t := range list {
		group.Go(func() error { u.undo(ctx, t); return nil })
	}
	_ = group.Wait() // the errors are in u
}

// endPods has all pods deleted in the namespaces that are being deleted, and
// returns these namespaces. A namespace that carries the name of one of ours
// but another UID is somebody's, with all that is in it.
func (u *undoing) endPods(ctx context.Context) []string {
	var namespaces []string
	for _, ref := range u.deleted {
		found, err := u.client.Get(ctx, ref)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			u.failed(err)
			continue
		}
		if found.GetUID() != ref.UID || found.GetDeletionTimestamp() == nil {
			continue
		}
		u.failed(u.client.DeletePods(ctx, ref.Name))
		namespaces = append(namespaces, ref.Name)
	}
	return namespaces
}

func (u *undoing) awaitNoPods(ctx context.Context, namespaces []string) {
	for _, namespace := range namespaces {
		u.failed(u.client.AwaitNoPods(ctx, namespace, u.opts.Bounds))
	}
}

func (u *undoing) undo(ctx context.Context, t task) {
	if u.opts.Progress != nil {
		u.opts.Progress(u.client.Name, t.Ref)
	}
	if t.Event == EventLabelling {
		u.failed(u.relabel(ctx, t.Entry))
		return
	}
	ref, err := u.delete(ctx, t)
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

// delete asks for the deletion of what a task names, if that is proven to be the
// run's, and returns it with its UID, or without when there is nothing to delete.
func (u *undoing) delete(ctx context.Context, t task) (kube.Ref, error) {
	found, err := u.client.Get(ctx, t.Ref)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return kube.Ref{}, nil
	}
	if err != nil {
		return kube.Ref{}, err
	}
	ours, doubt := u.ours(t, found)
	if !ours {
		return kube.Ref{}, nil
	}
	if doubt != "" {
		u.stay(t.Ref, doubt)
		return kube.Ref{}, nil
	}
	ref := t.Ref
	ref.UID = found.GetUID()
	if err := u.client.Delete(ctx, ref); err != nil {
		return kube.Ref{}, err
	}
	return ref, nil
}

// ours says whether what was found under a name may be the run's, and what keeps it
// from being taken for the run's alone. A name proves nothing: the object has the UID
// that was written down, or the run's label, or else its tool is proven to have made
// it while the run lived.
func (u *undoing) ours(t task, found *unstructured.Unstructured) (ours bool, doubt string) {
	switch {
	case t.Ref.UID != "":
		if found.GetUID() != t.Ref.UID {
			return false, ""
		}
	case t.Event == EventMaking:
		if kube.RunOf(found) != u.header.Run {
			return false, ""
		}
	default:
		if why := unproven(found, t.Tool, window{from: t.ServerTime, until: u.until}); why != "" {
			return true, "it may be somebody else's: " + why
		}
	}
	if slices.Contains(u.owned, t.Ref.Namespace) || t.Ref.Kind == "Namespace" {
		return true, ""
	}
	if names := editors(found, u.tools); len(names) > 0 {
		return true, "the run made it, and it was changed since by " + listed(names)
	}
	return true, ""
}

func (u *undoing) stay(ref kube.Ref, why string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stays = append(u.stays, Stay{
		Cluster: u.client.Name, Ref: ref, Why: why,
		Look: u.header.kubectl(u.client.Name) + " " + about("get", ref, "--output=yaml", "--show-managed-fields"),
	})
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
