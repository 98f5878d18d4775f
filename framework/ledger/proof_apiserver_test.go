//go:build apiserver

package ledger

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// crashed is a journal whose process has died while a tool was to make an object.
func crashed(t *testing.T, client *kube.Client, run string, ref kube.Ref, confirmed bool, make func()) *Journal {
	t.Helper()
	dir := t.TempDir()
	journal := newJournal(t, dir, run)
	if err := journal.Expecting(t.Context(), client, kube.ToolIstioctl, []kube.Ref{ref}); err != nil {
		t.Fatal(err)
	}
	make()
	if confirmed {
		if err := journal.Confirm(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	reopened, err := Open(dir, run)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reopened.Close() })
	return reopened
}

func testUndoExpected(t *testing.T, client *kube.Client) {
	const tool = "istio-operator"
	tests := map[string]struct {
		// manager makes the object before the crash; empty for nobody.
		manager   string
		confirmed bool
		// ended is when the run was last seen, from now; nil for unknown.
		ended *time.Duration
		// later makes the object, by the tool, after the run's end.
		later bool
		// replaced has the owner make another object of the name since.
		replaced bool
		gone     bool
		why      string
	}{
		"made by the tool and confirmed":           {manager: tool, confirmed: true, gone: true},
		"made by the tool, crash before its entry": {manager: tool, ended: new(15 * time.Second), gone: true},
		"nobody made it":                           {ended: new(15 * time.Second), gone: true},
		"by somebody else meanwhile":               {manager: "kubectl-create", ended: new(15 * time.Second), why: `"kubectl-create" has written it`},
		"by the owner with the same tool, later":   {later: true, ended: new(-time.Hour), why: "it was made at "},
		"nobody knows when the run ended":          {manager: tool, why: "it is not known when the run ended"},
		"confirmed, then replaced by the owner":    {manager: tool, confirmed: true, replaced: true, ended: new(15 * time.Second)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ref := kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: "default", Name: "expected"}
			t.Cleanup(func() { remove(t, client, ref.Name) })
			journal := crashed(t, client, "run-expected", ref, test.confirmed, func() {
				if test.manager != "" {
					makeConfigMapBy(t, client, ref.Name, test.manager)
				}
			})
			if test.later {
				makeConfigMapBy(t, client, ref.Name, tool)
			}
			if test.replaced {
				remove(t, client, ref.Name)
				makeConfigMapBy(t, client, ref.Name, tool)
			}
			if test.ended != nil {
				if err := journal.append(Entry{Event: EventEnded, Cluster: client.Name, ServerTime: time.Now().Add(*test.ended)}); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // a second cleanup does no more than the first
				stays := undoStays(t, journal, client)
				_, err := client.Get(t.Context(), ref)
				if gone := apierrors.IsNotFound(err); gone != test.gone {
					t.Fatalf("gone: %t (%v), want %t", gone, err, test.gone)
				}
				if test.why != "" && (len(stays) != 1 || !strings.Contains(stays[0].String(), test.why) || !strings.Contains(stays[0].String(), "kubectl get configmap expected --namespace=default")) {
					t.Errorf("want it said that it stays and why (%q), got %v", test.why, stays)
				}
				if test.why == "" && len(stays) > 0 {
					t.Errorf("want nothing reported, got %v", stays)
				}
				test.why = "" // the entry is done with
			}
		})
	}
}

func remove(t *testing.T, client *kube.Client, name string) {
	t.Helper()
	// Called by Cleanup too, when the test's context has ended.
	err := client.Kubernetes.CoreV1().ConfigMaps("default").Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
}

func testUndoEdited(t *testing.T, client *kube.Client) {
	tests := map[string]struct {
		patch, manager string
		stays          bool
	}{
		"its content":            {`{"data":{"a":"theirs"}}`, "kubectl-edit", true},
		"its content, by a sync": {`{"data":{"a":"theirs"}}`, "argocd-controller", false},
		"a label":                {`{"metadata":{"labels":{"team":"them"}}}`, "kubectl-label", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			journal := newJournal(t, t.TempDir(), "run-edited")
			objects, err := kube.Decode([]byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: edited, namespace: default}\ndata: {a: b}\n"))
			if err != nil {
				t.Fatal(err)
			}
			if err := client.ApplyAll(t.Context(), objects, kube.ApplyOptions{Run: "run-edited", Journal: journal}); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { remove(t, client, "edited") })
			_, err = client.Kubernetes.CoreV1().ConfigMaps("default").Patch(t.Context(), "edited", types.MergePatchType,
				[]byte(test.patch), metav1.PatchOptions{FieldManager: test.manager})
			if err != nil {
				t.Fatal(err)
			}
			stays := undoStays(t, journal, client)
			found, err := client.Kubernetes.CoreV1().ConfigMaps("default").Get(t.Context(), "edited", metav1.GetOptions{})
			switch {
			case test.stays && (err != nil || found.Data["a"] != "theirs"):
				t.Errorf("what somebody wrote is lost: %v, %v", found, err)
			case test.stays && (len(stays) != 1 || !strings.Contains(stays[0].Why, test.manager)):
				t.Errorf("want it reported, got %v", stays)
			case !test.stays && (!apierrors.IsNotFound(err) || len(stays) > 0):
				t.Errorf("want it gone and nothing reported, got %v, %v", err, stays)
			}
		})
	}
}

func testNoteEnd(t *testing.T, client *kube.Client) {
	ctx, clients := t.Context(), []*kube.Client{client}
	journal := newJournal(t, t.TempDir(), "run-ended")
	lock, _, err := AcquireLock(ctx, clients, journal.Header.Claim())
	if err != nil {
		t.Fatal(err)
	}
	now, err := client.ServerTime(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // once is enough
		if err := journal.noteEnd(ctx, clients); err != nil {
			t.Fatal(err)
		}
	}
	entries := journal.Entries()
	if len(entries) != 1 || entries[0].Event != EventEnded {
		t.Fatalf("want one entry of the end, got %v", entries)
	}
	if off := entries[0].ServerTime.Sub(now.Add(renewEvery)).Abs(); off > 3*time.Second {
		t.Errorf("want the lease's last renewal and one interval (%s), got %s", now.Add(renewEvery), entries[0].ServerTime)
	}
	if err := lock.Release(ctx); err != nil {
		t.Fatal(err)
	}
	// Where another holds the lease by now, nobody knows.
	other := newJournal(t, t.TempDir(), "run-other")
	if lock, _, err = AcquireLock(ctx, clients, Claim{Holder: "somebody"}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(other.noteEnd(ctx, clients), lock.Release(ctx)); err != nil || len(other.Entries()) > 0 {
		t.Errorf("want nothing known, got %v, %v", other.Entries(), err)
	}
}

// Where the lock is another's by now nothing is undone: that run may be at work there.
func testUndoOnlyWhereHeld(t *testing.T, client *kube.Client) {
	ctx := t.Context()
	journal := newJournal(t, t.TempDir(), "run-lost")
	lock, _, err := AcquireLock(ctx, []*kube.Client{client}, journal.Header.Claim())
	if err != nil {
		t.Fatal(err)
	}
	applyManifest(t, client, "run-lost", journal)
	lease, err := client.Kubernetes.CoordinationV1().Leases(LockNamespace).Get(ctx, LockName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lease.Spec.HolderIdentity = new("another run")
	if lease, err = client.Kubernetes.CoordinationV1().Leases(LockNamespace).Update(ctx, lease, metav1.UpdateOptions{FieldManager: kube.FieldManager}); err != nil {
		t.Fatal(err)
	}
	held, withheld := lock.Held(ctx)
	if len(held) != 0 || withheld[client.Name] == nil {
		t.Fatalf("want the cluster withheld, got %v, %v", held, withheld)
	}
	_, err = journal.Undo(ctx, UndoOptions{Clients: held, Withheld: withheld, Bounds: kube.LocalBounds()})
	if err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("want it said why nothing was undone, got %v", err)
	}
	namespace(t, client, "trial") // is still there
	lease.Spec.HolderIdentity = new(journal.Header.Holder())
	if _, err := client.Kubernetes.CoordinationV1().Leases(LockNamespace).Update(ctx, lease, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	undo(t, journal, client)
	if err := lock.Release(ctx); err != nil {
		t.Fatal(err)
	}
}
