package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Connect reaches the clusters of a journal again, in parallel, and refuses
// one that is no longer the same cluster.
func (h Header) Connect(ctx context.Context, bounds kube.Bounds, recorder kube.Recorder) ([]*kube.Client, error) {
	clients, errs := make([]*kube.Client, len(h.Clusters)), make([]error, len(h.Clusters))
	var group sync.WaitGroup
	for i, cluster := range h.Clusters {
		group.Go(func() { clients[i], errs[i] = cluster.connect(ctx, h.Run, bounds, recorder) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("ledger of run %s: %w", h.Run, err)
	}
	return clients, nil
}

func (c Cluster) connect(ctx context.Context, run string, bounds kube.Bounds, recorder kube.Recorder) (*kube.Client, error) {
	client, err := kube.New(kube.Options{
		Name: c.Name, Kubeconfig: c.Kubeconfig, Context: c.Context, UserAgent: "cleanup/" + run, Recorder: recorder,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, bounds.Connect)
	defer cancel()
	system, err := client.Kubernetes.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reach cluster %q at %s: %w", c.Name, client.REST.Host, err)
	}
	if string(system.UID) != c.UID {
		return nil, fmt.Errorf("cluster %q at %s is not the one of the run: its kube-system has UID %s, want %s; correct %s, or delete the journal if that cluster is gone",
			c.Name, client.REST.Host, system.UID, c.UID, c.Kubeconfig)
	}
	return client, nil
}

// TakeOver takes the lock of clusters whose holder may have crashed, for an
// undo of its journal. The journal is open, so its run is over: a lease that
// still names that run is taken at once. Of any other holder it waits until
// the lease has not been renewed for as long as it lasts; a holder that renews
// it is alive, and then the error is a *LockedError.
func (j *Journal) TakeOver(ctx context.Context, clients []*kube.Client, holder string) (*Lock, context.Context, error) {
	if err := j.noteEnd(ctx, clients); err != nil {
		return nil, nil, err
	}
	var renewed time.Time
	for {
		lock, locked, err := AcquireLock(ctx, clients, Claim{Holder: holder, Namespace: j.Header.LockNamespace, over: j.Header.Holder()})
		var refused *LockedError
		if !errors.As(err, &refused) {
			return lock, locked, err
		}
		if !renewed.IsZero() && refused.Renewed.After(renewed) {
			return nil, nil, err
		}
		renewed = refused.Renewed
		if err := pause(ctx, time.Second); err != nil {
			return nil, nil, errors.Join(refused, err)
		}
	}
}

// noteEnd writes down, once for each cluster, until when the run can have made
// something there: to its last renewal of its Lease and one interval more, by the API
// server's clock. Where the Lease is another's by now, nobody knows.
func (j *Journal) noteEnd(ctx context.Context, clients []*kube.Client) error {
	var ended []Entry
	for _, client := range clients {
		if slices.ContainsFunc(j.Entries(), func(e Entry) bool { return e.Event == EventEnded && e.Cluster == client.Name }) {
			continue
		}
		lease, err := j.Header.Claim().leases(client).Get(ctx, LockName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the lock of cluster %q: %w", client.Name, err)
		}
		if lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity != j.Header.Holder() {
			continue
		}
		if last := writtenAt(lease); !last.IsZero() {
			ended = append(ended, Entry{Event: EventEnded, Cluster: client.Name, ServerTime: last.Add(renewEvery)})
		}
	}
	return j.append(ended...)
}

// writtenAt is when eastwest last wrote an object, by the API server's clock. What a
// Lease itself says is by the holder's.
func writtenAt(obj metav1.Object) time.Time {
	var last time.Time
	for _, entry := range obj.GetManagedFields() {
		if entry.Manager == kube.FieldManager && entry.Time != nil && entry.Time.After(last) {
			last = entry.Time.UTC()
		}
	}
	return last
}

// pause waits between two looks at a lease, which ends by a clock and not by
// an event that could be watched.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// Leftovers lists the objects that still carry the run's label: after an undo there are
// none but those that stay. notSeen says where the user may not look.
func (j *Journal) Leftovers(ctx context.Context, clients []*kube.Client, stays []Stay) (all []Left, notSeen []string, err error) {
	var errs []error
	for _, client := range clients {
		inventory, err := takeOne(ctx, client, InventoryOptions{onlyRun: j.Header.Run, Namespaces: j.namespaces(client.Name)})
		errs = append(errs, err)
		if unseen := inventory.NotSeen(); unseen != "" {
			notSeen = append(notSeen, unseen)
		}
		for _, item := range inventory.Items {
			if !staying(stays, client.Name, item.Ref) {
				all = append(all, j.left(client.Name, item.Ref))
			}
		}
	}
	return all, notSeen, errors.Join(errs...)
}

// namespaces are those in which the run was to make something on a cluster.
func (j *Journal) namespaces(cluster string) []string {
	var names []string
	for _, entry := range j.Entries() {
		name := entry.Ref.Namespace
		if entry.Ref.Kind == "Namespace" {
			name = entry.Ref.Name
		}
		if entry.Cluster == cluster && name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
