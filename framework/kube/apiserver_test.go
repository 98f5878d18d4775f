//go:build apiserver

package kube_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/kube/kubetest"
)

// memory is a journal that remembers.
type memory struct{ making, made []kube.Ref }

func (m *memory) Making(_ context.Context, _ string, refs []kube.Ref) error {
	m.making = append(m.making, refs...)
	return nil
}

func (m *memory) Made(_ context.Context, _ string, ref kube.Ref) error {
	m.made = append(m.made, ref)
	return nil
}

func configMap(name, value string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": name, "namespace": "default"},
		"data":     map[string]any{"key": value},
	}}
}

func TestAPIServer(t *testing.T) {
	plane := kubetest.Start(t)
	waits := &kube.Waits{}
	client, err := kube.New(kube.Options{Name: "west", Kubeconfig: plane.Kubeconfig, Recorder: waits})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("apply", func(t *testing.T) { testApply(t, client) })
	t.Run("apply refuses what is not ours", func(t *testing.T) { testApplyRefuses(t, client) })
	t.Run("apply reuses what is right", func(t *testing.T) { testApplyReuses(t, client) })
	t.Run("definitions come first", func(t *testing.T) { testDefinitions(t, client) })
	t.Run("delete only the UID", func(t *testing.T) { testDelete(t, client) })
	t.Run("await ends unmet", func(t *testing.T) { testAwaitUnmet(t, client, waits) })
	t.Run("await stops on a fatal state", func(t *testing.T) { testAwaitFatal(t, client) })
	t.Run("exec into no pod is an error", func(t *testing.T) { testExecNoPod(t, client) })
}

func testApply(t *testing.T, client *kube.Client) {
	ctx, journal := t.Context(), &memory{}
	opts := kube.ApplyOptions{Run: "run-1", Journal: journal}
	made, err := client.Apply(ctx, configMap("mine", "a"), opts)
	if err != nil {
		t.Fatal(err)
	}
	wantLabels := map[string]string{kube.LabelRun: "run-1", kube.LabelManagedBy: kube.ManagedBy}
	if diff := cmp.Diff(wantLabels, made.GetLabels()); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	again, err := client.Apply(ctx, configMap("mine", "b"), opts)
	if err != nil {
		t.Fatal(err)
	}
	if again.GetUID() != made.GetUID() {
		t.Error("the second apply made another object")
	}
	if value, _, _ := unstructured.NestedString(again.Object, "data", "key"); value != "b" {
		t.Errorf("value after the second apply: want b, got %q", value)
	}
	if len(journal.making) != 1 || len(journal.made) != 1 || journal.made[0].UID != made.GetUID() {
		t.Errorf("want one object announced and made, got %v and %v", journal.making, journal.made)
	}
}

func testApplyRefuses(t *testing.T, client *kube.Client) {
	ctx, journal := t.Context(), &memory{}
	foreign := configMap("theirs", "precious")
	if _, err := client.Dynamic.Resource(configMaps).Namespace("default").Create(ctx, foreign, createOptions); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Apply(ctx, configMap("of-run-1", "a"), kube.ApplyOptions{Run: "run-1", Journal: &memory{}}); err != nil {
		t.Fatal(err)
	}
	err := client.ApplyAll(ctx, []*unstructured.Unstructured{
		configMap("new", "x"), configMap("theirs", "x"), configMap("of-run-1", "x"),
	}, kube.ApplyOptions{Run: "run-2", Journal: journal})
	var refused *kube.NotOursError
	if !errors.As(err, &refused) {
		t.Fatalf("want a NotOursError, got %v", err)
	}
	for _, want := range []string{`ConfigMap default/theirs on cluster "west" exists`, "was made by run run-1"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in the error, got %v", want, err)
		}
	}
	if len(journal.making) != 0 {
		t.Errorf("a refused batch was announced: %v", journal.making)
	}
	kept, err := client.Get(ctx, kube.RefOf(foreign))
	if err != nil {
		t.Fatal(err)
	}
	if value, _, _ := unstructured.NestedString(kept.Object, "data", "key"); value != "precious" {
		t.Errorf("the foreign object was changed to %q", value)
	}
	if _, err := client.Get(ctx, kube.RefOf(configMap("new", ""))); !apierrors.IsNotFound(err) {
		t.Errorf("want the rest of a refused batch not made, got %v", err)
	}
}

// testApplyReuses: somebody made a Service and a ConfigMap with their own tools.
func testApplyReuses(t *testing.T, client *kube.Client) {
	ctx, journal := t.Context(), &memory{}
	service := func(port int64) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "reused", "namespace": "default"},
			"spec": map[string]any{"selector": map[string]any{"app": "x"}, "ports": []any{map[string]any{"name": "tls", "port": port}}},
		}}
	}
	theirs, err := client.Dynamic.Resource(services).Namespace("default").Create(ctx, service(15443), createOptions)
	if err != nil {
		t.Fatal(err)
	}
	var reused []kube.Ref
	opts := kube.ApplyOptions{Run: "run-3", Journal: journal, Reused: func(ref kube.Ref) { reused = append(reused, ref) }}
	if err := client.ApplyAll(ctx, []*unstructured.Unstructured{service(15443), configMap("beside", "x")}, opts); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]kube.Ref{kube.RefOf(theirs)}, reused); diff != "" {
		t.Errorf("reused (-want +got):\n%s", diff)
	}
	if len(journal.making) != 1 || journal.making[0].Name != "beside" {
		t.Errorf("want only what was missing in the journal, got %v", journal.making)
	}
	after, err := client.Get(ctx, kube.RefOf(theirs))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(theirs.Object, after.Object); diff != "" {
		t.Errorf("the reused object was touched (-before +after):\n%s", diff)
	}
	other := service(15443)
	if err := unstructured.SetNestedField(other.Object, "y", "spec", "selector", "app"); err != nil {
		t.Fatal(err)
	}
	for wanted, object := range map[string]*unstructured.Unstructured{
		`spec.selector.app is "x", want "y"`: other,
		// A second port of the same name: the server refuses what would become of it.
		`spec.ports[1].name: Duplicate value`: service(15444),
	} {
		err := client.ApplyAll(ctx, []*unstructured.Unstructured{object, configMap("never", "x")}, opts)
		var differs *kube.DiffersError
		if !errors.As(err, &differs) || !strings.Contains(err.Error(), wanted) {
			t.Errorf("want a DiffersError with %q, got %v", wanted, err)
		}
	}
	if len(journal.making) != 1 {
		t.Errorf("a refused batch was announced: %v", journal.making)
	}
}

const definition = `
apiVersion: example.org/v1
kind: Widget
metadata:
  name: w
  namespace: default
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.org
spec:
  group: example.org
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object}}
`

func testDefinitions(t *testing.T, client *kube.Client) {
	objects, err := kube.Decode([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	err = client.ApplyAll(t.Context(), objects, kube.ApplyOptions{Run: "run-1", Journal: &memory{}})
	if err != nil {
		t.Fatalf("want an object of a kind that is defined in the same manifest applied, got %v", err)
	}
}

func testDelete(t *testing.T, client *kube.Client) {
	ctx := t.Context()
	opts := kube.ApplyOptions{Run: "run-1", Journal: &memory{}}
	made, err := client.Apply(ctx, configMap("short", "a"), opts)
	if err != nil {
		t.Fatal(err)
	}
	other := kube.RefOf(made)
	other.UID = "00000000-0000-0000-0000-000000000000"
	if err := client.Delete(ctx, other); err != nil {
		t.Fatalf("deleting an object that is gone: want success, got %v", err)
	}
	if _, err := client.Get(ctx, other); err != nil {
		t.Fatalf("an object with another UID was deleted: %v", err)
	}
	if err := client.Delete(ctx, kube.RefOf(made)); err != nil {
		t.Fatal(err)
	}
	if err := client.AwaitGone(ctx, kube.RefOf(made), kube.LocalBounds()); err != nil {
		t.Fatal(err)
	}
	unknown := kube.Ref{APIVersion: "nowhere.example.org/v1", Kind: "Nothing", Namespace: "default", Name: "x"}
	if err := errors.Join(client.Delete(ctx, unknown), client.AwaitGone(ctx, unknown, kube.LocalBounds())); err != nil {
		t.Errorf("an object whose kind is gone: want success, got %v", err)
	}
}

func testAwaitUnmet(t *testing.T, client *kube.Client, waits *kube.Waits) {
	err := client.Await(t.Context(), kube.Wait{
		For: "the impossible", Bound: 300 * time.Millisecond, Hint: "give up",
		Watch: kube.Object(kube.RefOf(configMap("kube-root-ca.crt", ""))),
		Until: func(objects []*unstructured.Unstructured) kube.State {
			return kube.State{Seen: "possible things only"}
		},
	})
	want := `await the impossible on cluster "west": want it within 300ms, last saw possible things only; give up`
	if err == nil || err.Error() != want {
		t.Errorf("want error %q, got %v", want, err)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want the bound as the cause, got %v", err)
	}
	ended := waits.Ended()
	if last := ended[len(ended)-1]; last.For != "the impossible" || last.Met || last.Took < 300*time.Millisecond {
		t.Errorf("want the unmet wait recorded, got %+v", last)
	}
}

func testAwaitFatal(t *testing.T, client *kube.Client) {
	hopeless := errors.New("hopeless")
	start := time.Now()
	err := client.Await(t.Context(), kube.Wait{
		For: "a lost thing", Bound: time.Minute,
		Watch: kube.Selected(kube.Selection{APIVersion: "v1", Kind: "ConfigMap", Namespace: "default"}),
		Until: func([]*unstructured.Unstructured) kube.State { return kube.State{Fatal: hopeless} },
	})
	if !errors.Is(err, hopeless) {
		t.Errorf("want the fatal state, got %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("want the wait ended at once, took %s", took)
	}
}

func testExecNoPod(t *testing.T, client *kube.Client) {
	_, err := client.Exec(t.Context(), kube.Target{Namespace: "default", Pod: "none", Container: "c"},
		kube.ExecOptions{Command: []string{"true"}})
	if err == nil || !strings.Contains(err.Error(), `exec in default/none[c] on cluster "west"`) {
		t.Errorf("want an error that names container and cluster, got %v", err)
	}
}
