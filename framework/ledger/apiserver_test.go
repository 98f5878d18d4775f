//go:build apiserver

package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/kube/kubetest"
)

func TestAPIServer(t *testing.T) {
	plane := kubetest.Start(t)
	client, err := kube.New(kube.Options{Name: "west", Kubeconfig: plane.Kubeconfig})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("undo leaves nothing", func(t *testing.T) { testUndo(t, client) })
	t.Run("undo after a crash", func(t *testing.T) { testUndoAfterCrash(t, client) })
	t.Run("undo spares what others did since", func(t *testing.T) { testUndoSpares(t, client) })
	t.Run("undo ends the pods of a namespace that goes", func(t *testing.T) { testUndoEndsPods(t, client) })
	t.Run("undo spares a namespace that others made again", func(t *testing.T) { testUndoSparesNamespace(t, client) })
	t.Run("undo removes of what was expected only what is proven", func(t *testing.T) { testUndoExpected(t, client) })
	t.Run("undo leaves what somebody has changed since", func(t *testing.T) { testUndoEdited(t, client) })
	t.Run("the end of a run that crashed is that of its lease", func(t *testing.T) { testNoteEnd(t, client) })
	t.Run("undo acts only where the lock is held", func(t *testing.T) { testUndoOnlyWhereHeld(t, client) })
	t.Run("lock", func(t *testing.T) { testLock(t, client) })
	t.Run("lock in another namespace", func(t *testing.T) { testLockElsewhere(t, client) })
	t.Run("one takes over an abandoned lock", func(t *testing.T) { testOneTakesOver(t, client) })
}

const manifest = `
apiVersion: v1
kind: Namespace
metadata: {name: trial}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: trial}
data: {a: b}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: example.org/v1
kind: Widget
metadata: {name: w, namespace: trial}
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: default}
`

func newJournal(t *testing.T, dir, run string) *Journal {
	t.Helper()
	journal, err := Create(dir, Header{Run: run, Started: time.Now(), Environment: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = journal.Close() })
	return journal
}

func inventory(t *testing.T, client *kube.Client) []Inventory {
	t.Helper()
	taken, err := TakeInventory(t.Context(), []*kube.Client{client},
		InventoryOptions{Namespaces: []string{"trial", "default"}})
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

func undo(t *testing.T, journal *Journal, client *kube.Client) {
	t.Helper()
	if stays := undoStays(t, journal, client); len(stays) > 0 {
		t.Errorf("want nothing to stay, got %v", stays)
	}
}

func undoStays(t *testing.T, journal *Journal, client *kube.Client) []Stay {
	t.Helper()
	stays, err := journal.Undo(t.Context(), UndoOptions{Clients: []*kube.Client{client}, Bounds: kube.LocalBounds()})
	if err != nil {
		t.Fatal(err)
	}
	return stays
}

func wantNoChange(t *testing.T, before, after []Inventory) {
	t.Helper()
	for _, change := range Diff(before, after) {
		t.Errorf("after undo: %s", change)
	}
}

func applyManifest(t *testing.T, client *kube.Client, run string, journal kube.Journal) {
	t.Helper()
	objects, err := kube.Decode([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	opts := kube.ApplyOptions{Run: run, Journal: journal}
	if err := client.ApplyAll(t.Context(), objects, opts); err != nil {
		t.Fatal(err)
	}
}

func testUndo(t *testing.T, client *kube.Client) {
	ctx := t.Context()
	before := inventory(t, client)
	journal := newJournal(t, t.TempDir(), "run-undo")
	applyManifest(t, client, "run-undo", journal)
	byOthers := kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: "default", Name: "by-a-program"}
	if err := journal.Expecting(ctx, client, kube.ToolIstioctl, []kube.Ref{byOthers}); err != nil {
		t.Fatal(err)
	}
	makeConfigMapBy(t, client, byOthers.Name, "istio-operator")
	kubeSystem := namespace(t, client, "kube-public")
	if err := journal.Labelling(ctx, "west", kubeSystem, "example.org/network", nil, "n1"); err != nil {
		t.Fatal(err)
	}
	value := "n1"
	if err := client.SetLabel(ctx, kubeSystem, "example.org/network", &value); err != nil {
		t.Fatal(err)
	}
	if changes := Diff(before, inventory(t, client)); len(changes) < 5 {
		t.Fatalf("the inventory does not see what was made: %v", changes)
	}
	undo(t, journal, client)
	wantNoChange(t, before, inventory(t, client))
	if _, err := client.Get(ctx, byOthers); err == nil {
		t.Error("what was expected of a program is still there")
	}
	undo(t, journal, client) // a second time finds nothing to do
}

func testUndoAfterCrash(t *testing.T, client *kube.Client) {
	before := inventory(t, client)
	dir := t.TempDir()
	journal := newJournal(t, dir, "run-crash")
	// The crash comes between the objects and the lines that tell their UIDs.
	applyManifest(t, client, "run-crash", onlyAnnounces{journal})
	if err := journal.Making(t.Context(), "west", []kube.Ref{{APIVersion: "v1", Kind: "Secret", Namespace: "default", Name: "never-made"}}); err != nil {
		t.Fatal(err)
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	appendText(t, journal.Path(), `{"time":"2026-01-01T00:00:00Z","event":"mak`)

	reopened, err := Open(dir, "run-crash")
	if err != nil {
		t.Fatal(err)
	}
	undo(t, reopened, client)
	wantNoChange(t, before, inventory(t, client))
	if err := reopened.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "run-crash"); !errors.Is(err, ErrNoJournal) {
		t.Errorf("want no journal after its removal, got %v", err)
	}
}

// onlyAnnounces loses what a crash would lose.
type onlyAnnounces struct{ *Journal }

func (onlyAnnounces) Made(context.Context, string, kube.Ref) error { return nil }

func testUndoSpares(t *testing.T, client *kube.Client) {
	ctx := t.Context()
	journal := newJournal(t, t.TempDir(), "run-spare")
	foreign := kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: "default", Name: "foreign"}
	// Announced, but somebody else made it before the run could.
	if err := journal.Making(ctx, "west", []kube.Ref{foreign}); err != nil {
		t.Fatal(err)
	}
	makeConfigMap(t, client, foreign.Name)
	ref := namespace(t, client, "kube-public")
	if err := journal.Labelling(ctx, "west", ref, "example.org/zone", nil, "ours"); err != nil {
		t.Fatal(err)
	}
	theirs := "theirs"
	if err := client.SetLabel(ctx, ref, "example.org/zone", &theirs); err != nil {
		t.Fatal(err)
	}
	undo(t, journal, client)
	if _, err := client.Get(ctx, foreign); err != nil {
		t.Errorf("an object that the run did not make is gone: %v", err)
	}
	found, err := client.Get(ctx, ref)
	if err != nil {
		t.Fatal(err)
	}
	if got := found.GetLabels()["example.org/zone"]; got != theirs {
		t.Errorf("a label that somebody set since: want %q kept, got %q", theirs, got)
	}
}

// Without a kubelet only an unscheduled pod goes at once; a finalizer keeps it
// long enough to see when the definitions are asked to go.
func testUndoEndsPods(t *testing.T, client *kube.Client) {
	ctx := t.Context()
	journal := newJournal(t, t.TempDir(), "run-pods")
	applyManifest(t, client, "run-pods", journal)
	makePod(t, client, "trial", "example.org/hold")
	definition := kube.Ref{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", Name: "widgets.example.org"}

	done := make(chan error, 1)
	go func() {
		_, err := journal.Undo(ctx, UndoOptions{Clients: []*kube.Client{client}, Bounds: kube.LocalBounds()})
		done <- err
	}()
	pod := kube.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "trial", Name: "p"}
	secret := kube.Ref{APIVersion: "v1", Kind: "Secret", Namespace: "default", Name: "s"}
	err := client.AwaitPoll(ctx, kube.Poll{For: "the pod being deleted and the rest gone", Bound: time.Minute, Ask: func(ctx context.Context) (kube.State, error) {
		found, err := client.Get(ctx, pod)
		if err != nil {
			return kube.State{}, err
		}
		_, err = client.Get(ctx, secret)
		return kube.State{Met: found.GetDeletionTimestamp() != nil && apierrors.IsNotFound(err)}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := client.Get(ctx, definition); err != nil || found.GetDeletionTimestamp() != nil {
		t.Errorf("a pod is still there, and so must be what it may be reading: %v", err)
	}
	_, err = client.Kubernetes.CoreV1().Pods("trial").Patch(ctx, "p", types.MergePatchType,
		[]byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, ref := range []kube.Ref{definition, {APIVersion: "v1", Kind: "Namespace", Name: "trial"}} {
		if _, err := client.Get(ctx, ref); !apierrors.IsNotFound(err) {
			t.Errorf("%s is still there: %v", ref, err)
		}
	}
}

func testUndoSparesNamespace(t *testing.T, client *kube.Client) {
	ctx := t.Context()
	journal := newJournal(t, t.TempDir(), "run-again")
	applyManifest(t, client, "run-again", journal)
	ours := namespace(t, client, "trial")
	if err := client.Delete(ctx, ours); err != nil {
		t.Fatal(err)
	}
	if err := client.AwaitGone(ctx, ours, kube.LocalBounds()); err != nil {
		t.Fatal(err)
	}
	_, err := client.Kubernetes.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "trial"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	makePod(t, client, "trial")
	undo(t, journal, client)
	if _, err := client.Get(ctx, kube.Ref{APIVersion: "v1", Kind: "Pod", Namespace: "trial", Name: "p"}); err != nil {
		t.Errorf("a pod in somebody else's namespace is gone: %v", err)
	}
	theirs := namespace(t, client, "trial")
	if err := client.Delete(ctx, theirs); err != nil {
		t.Fatal(err)
	}
	if err := client.AwaitGone(ctx, theirs, kube.LocalBounds()); err != nil {
		t.Fatal(err)
	}
}

// makePod makes the pod p, with the account that it needs.
func makePod(t *testing.T, client *kube.Client, namespace string, finalizers ...string) {
	t.Helper()
	core := client.Kubernetes.CoreV1()
	_, err := core.ServiceAccounts(namespace).Create(t.Context(),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	_, err = core.Pods(namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Finalizers: finalizers},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "none.invalid/none"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func testLock(t *testing.T, client *kube.Client) {
	ctx := t.Context()
	clients := []*kube.Client{client}
	first, locked, err := AcquireLock(ctx, clients, Claim{Holder: "first run"})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = AcquireLock(ctx, clients, Claim{Holder: "second run"})
	var refused *LockedError
	if !errors.As(err, &refused) || refused.Holder != "first run" || !strings.Contains(err.Error(), `cluster "west" is in use by first run`) {
		t.Errorf("want the second run refused with the holder's name, got %v", err)
	}
	if locked.Err() != nil {
		t.Errorf("the lock is held, but its context ended: %v", locked.Err())
	}
	if err := first.Release(ctx); err != nil {
		t.Fatal(err)
	}
	third, _, err := AcquireLock(ctx, clients, Claim{Holder: "third run"})
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	if err := third.Release(ctx); err != nil {
		t.Fatal(err)
	}
	lease := kube.Ref{APIVersion: "coordination.k8s.io/v1", Kind: "Lease", Namespace: LockNamespace, Name: LockName}
	if _, err := client.Get(ctx, lease); err == nil {
		t.Error("the lease is still there after its release")
	}
}

// testLockElsewhere has runs that may write in a namespace of theirs alone.
func testLockElsewhere(t *testing.T, client *kube.Client) {
	ctx, clients := t.Context(), []*kube.Client{client}
	within, whole := Claim{Holder: "run within", Namespace: "default"}, Claim{Holder: "run of the whole"}
	for _, test := range []struct{ first, second Claim }{{within, whole}, {whole, within}} {
		first, _, err := AcquireLock(ctx, clients, test.first)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = AcquireLock(ctx, clients, test.second)
		var refused *LockedError
		if !errors.As(err, &refused) || refused.Holder != test.first.Holder {
			t.Errorf("want the second run refused with the holder's name, got %v", err)
		}
		if err := first.Release(ctx); err != nil {
			t.Fatal(err)
		}
	}
	left, err := client.Kubernetes.CoordinationV1().Leases(metav1.NamespaceAll).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + LockName})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("want no lock left, got %v, %v", left.Items, err)
	}
}

// testOneTakesOver has many runs find the same abandoned lock at the same time.
func testOneTakesOver(t *testing.T, client *kube.Client) {
	const runs = 16
	leases := client.Kubernetes.CoordinationV1().Leases(LockNamespace)
	abandoned := newLease(Claim{Holder: "a run that is gone"}, metav1.NewMicroTime(time.Now().Add(-time.Hour)))
	// Not by our name: when it was written would tell that it is fresh.
	if _, err := leases.Create(t.Context(), abandoned, metav1.CreateOptions{FieldManager: "the past"}); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, runs)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = take(t.Context(), client, Claim{Holder: fmt.Sprintf("run %d", i)}) })
	}
	group.Wait()
	taken := 0
	for _, err := range errs {
		var refused *LockedError
		switch {
		case err == nil:
			taken++
		case !errors.As(err, &refused):
			t.Error(err)
		}
	}
	if taken != 1 {
		t.Errorf("%d of %d runs hold the lock", taken, runs)
	}
	if err := leases.Delete(t.Context(), LockName, metav1.DeleteOptions{}); err != nil {
		t.Error(err)
	}
}

func makeConfigMap(t *testing.T, client *kube.Client, name string) {
	t.Helper()
	makeConfigMapBy(t, client, name, "somebody")
}

func makeConfigMapBy(t *testing.T, client *kube.Client, name, manager string) {
	t.Helper()
	_, err := client.Kubernetes.CoreV1().ConfigMaps("default").Create(t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"a": "b"}}, metav1.CreateOptions{FieldManager: manager})
	if err != nil {
		t.Fatal(err)
	}
}

func namespace(t *testing.T, client *kube.Client, name string) kube.Ref {
	t.Helper()
	found, err := client.Get(t.Context(), kube.Ref{APIVersion: "v1", Kind: "Namespace", Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return kube.RefOf(found)
}

func appendText(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, writeErr := file.WriteString(text)
	if err := errors.Join(writeErr, file.Close()); err != nil {
		t.Fatal(err)
	}
}
