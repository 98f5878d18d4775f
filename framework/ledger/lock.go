package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// The lock is a Lease in every cluster of the fleet, so that two fleets that
// share one cluster exclude each other too. It is in kube-system, the one
// namespace that every cluster has and nobody deletes, but for runs that may write in a
// namespace of theirs alone.
const (
	LockNamespace = metav1.NamespaceSystem
	LockName      = "eastwest-lock"
)

// LeaseDuration is how long a run that crashed still holds the lock: long
// enough for a few renewals to be lost and for clocks that differ by seconds.
const (
	LeaseDuration = 60 * time.Second
	renewEvery    = 15 * time.Second
	// stopAfter is how long a run goes on without having renewed its Lease: it has to
	// stop before somebody else may take that for abandoned.
	stopAfter = LeaseDuration - renewEvery
)

// LockedError refuses a fleet on which another run is under way.
type LockedError struct {
	Cluster string
	Holder  string
	// Renewed is when the holder last said that it is alive.
	Renewed time.Time
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("cluster %q is in use by %s (last seen %s): one run at a time; wait for its end, or, if it crashed, for %s",
		e.Cluster, e.Holder, e.Renewed.UTC().Format(time.RFC3339), LeaseDuration)
}

// Claim is who wants the lock.
type Claim struct {
	Holder string
	// Namespace of the Lease; empty means LockNamespace.
	Namespace string

	over string // a holder that is known to be over
}

func (c Claim) namespace() string { return cmp.Or(c.Namespace, LockNamespace) }

func (c Claim) leases(client *kube.Client) coordinationclient.LeaseInterface {
	return client.Kubernetes.CoordinationV1().Leases(c.namespace())
}

// Lock is held by one run on all clusters of its fleet.
type Lock struct {
	clients []*kube.Client
	claim   Claim
	stop    context.CancelFunc
	done    chan struct{}
	lost    context.CancelCauseFunc
}

// AcquireLock takes the lock on all clusters or on none, and keeps it fresh
// until Release. The returned context ends, with the cause, when the lock is
// lost to another holder; the run must then stop. A *LockedError names who
// holds it.
func AcquireLock(ctx context.Context, clients []*kube.Client, c Claim) (*Lock, context.Context, error) {
	l := &Lock{clients: clients, claim: c, done: make(chan struct{})}
	// Only after its own Lease is there a run looks for others', so that of two that
	// start at the same time in different namespaces at most one goes on.
	err := takeAll(ctx, clients, c)
	if err == nil {
		err = eachOf(ctx, clients, c, refuseElsewhere)
	}
	if err != nil {
		releaseCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewEvery)
		defer cancel()
		return nil, nil, errors.Join(err, l.giveBack(releaseCtx))
	}
	locked, lost := context.WithCancelCause(ctx)
	l.lost = lost
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go l.renew(renewing)
	return l, locked, nil
}

// Release stops the renewal and deletes the Leases. The context is the
// caller's undo context.
func (l *Lock) Release(ctx context.Context) error {
	l.stop()
	<-l.done
	l.lost(nil)
	return l.giveBack(ctx)
}

func (l *Lock) renew(ctx context.Context) {
	defer close(l.done)
	ticker := time.NewTicker(renewEvery)
	defer ticker.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := l.renewAll(ctx)
		var locked *LockedError
		switch {
		case err == nil:
			renewed = time.Now()
		case errors.As(err, &locked):
			l.lost(fmt.Errorf("the lock was lost: %w", err))
			return
		case time.Since(renewed) >= stopAfter:
			l.lost(fmt.Errorf("the lock could not be renewed for %s, and is free for others after %s: %w", time.Since(renewed).Round(time.Second), LeaseDuration, err))
			return
		}
	}
}

// Held tries to renew the lock once more, and returns the clients of the clusters on which
// it is still this holder's, with the reason for every other: nothing may be done there.
func (l *Lock) Held(ctx context.Context) ([]*kube.Client, map[string]error) {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	errs := make([]error, len(l.clients))
	var group sync.WaitGroup
	for i, client := range l.clients {
		group.Go(func() { errs[i] = take(ctx, client, l.claim) })
	}
	group.Wait()
	var held []*kube.Client
	lost := map[string]error{}
	for i, client := range l.clients {
		if errs[i] == nil {
			held = append(held, client)
		} else {
			lost[client.Name] = errs[i]
		}
	}
	return held, lost
}

func (l *Lock) renewAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	return takeAll(ctx, l.clients, l.claim)
}

func takeAll(ctx context.Context, clients []*kube.Client, c Claim) error {
	return eachOf(ctx, clients, c, take)
}

func eachOf(ctx context.Context, clients []*kube.Client, c Claim, do func(context.Context, *kube.Client, Claim) error) error {
	errs := make([]error, len(clients))
	var group sync.WaitGroup
	for i, client := range clients {
		group.Go(func() { errs[i] = do(ctx, client, c) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// refuseElsewhere refuses a cluster in which somebody holds the lock in another namespace,
// as far as the user may look.
func refuseElsewhere(ctx context.Context, client *kube.Client, c Claim) error {
	found, err := client.Kubernetes.CoordinationV1().Leases(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + LockName})
	if apierrors.IsForbidden(err) {
		var one *coordinationv1.Lease
		one, err = client.Kubernetes.CoordinationV1().Leases(LockNamespace).Get(ctx, LockName, metav1.GetOptions{})
		if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
			return nil
		}
		found = &coordinationv1.LeaseList{Items: []coordinationv1.Lease{*one}}
	}
	if err != nil {
		return fmt.Errorf("look for other runs on cluster %q: %w", client.Name, err)
	}
	for i := range found.Items {
		if found.Items[i].Namespace == c.namespace() {
			continue
		}
		if err := refuseFresh(ctx, client, &found.Items[i], c); err != nil {
			return err
		}
	}
	return nil
}

// take makes, renews or takes over the Lease of one cluster. Its
// resourceVersion makes sure that of two who try only one succeeds.
func take(ctx context.Context, client *kube.Client, c Claim) error {
	leases := c.leases(client)
	existing, err := leases.Get(ctx, LockName, metav1.GetOptions{})
	now := metav1.NowMicro()
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(ctx, newLease(c, now), metav1.CreateOptions{FieldManager: kube.FieldManager})
	} else if err == nil {
		if err := refuseFresh(ctx, client, existing, c); err != nil {
			return err
		}
		existing.Spec = newLease(c, now).Spec
		_, err = leases.Update(ctx, existing, metav1.UpdateOptions{FieldManager: kube.FieldManager})
	}
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		return &LockedError{Cluster: client.Name, Holder: "another run that started at the same time", Renewed: now.Time}
	}
	if err != nil {
		return fmt.Errorf("take the lock of cluster %q: %w", client.Name, err)
	}
	return nil
}

func refuseFresh(ctx context.Context, client *kube.Client, lease *coordinationv1.Lease, c Claim) error {
	now, err := client.ServerTime(ctx)
	if err != nil {
		return err
	}
	return refuse(client.Name, lease, c, now)
}

// refuse returns a *LockedError when somebody else holds a fresh lease. now and when the
// lease was written are by the API server's clock: the clocks of those who write leases
// may differ by more than a lease lasts.
func refuse(cluster string, lease *coordinationv1.Lease, c Claim, now time.Time) error {
	if lease.Spec.HolderIdentity == nil || lease.Spec.RenewTime == nil {
		return nil
	}
	if holder := *lease.Spec.HolderIdentity; holder == c.Holder || holder == c.over {
		return nil
	}
	renewed := lease.Spec.RenewTime.Time
	if written := writtenAt(lease); !written.IsZero() {
		renewed = written
	}
	if now.Sub(renewed) > LeaseDuration {
		return nil
	}
	return &LockedError{Cluster: cluster, Holder: *lease.Spec.HolderIdentity, Renewed: renewed}
}

func newLease(c Claim, now metav1.MicroTime) *coordinationv1.Lease {
	seconds := int32(LeaseDuration / time.Second)
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: c.namespace(), Name: LockName,
			Labels: map[string]string{kube.LabelManagedBy: kube.ManagedBy},
		},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: &c.Holder, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now,
		},
	}
}

// giveBack deletes the Leases that this holder has.
func (l *Lock) giveBack(ctx context.Context) error {
	return eachOf(ctx, l.clients, l.claim, giveBackOne)
}

func giveBackOne(ctx context.Context, client *kube.Client, c Claim) error {
	leases := c.leases(client)
	existing, err := leases.Get(ctx, LockName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		if existing.Spec.HolderIdentity == nil || *existing.Spec.HolderIdentity != c.Holder {
			return nil
		}
		err = leases.Delete(ctx, LockName, metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &existing.UID, ResourceVersion: &existing.ResourceVersion},
		})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("release the lock of cluster %q: %w", client.Name, err)
	}
	return nil
}
