package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func item(name, uid, content string) Item {
	return Item{Ref: withUID(ref(name), uid), Content: content}
}

func TestDiff(t *testing.T) {
	before := []Inventory{
		{Cluster: "west", Items: []Item{item("changed", "1", "x"), item("kept", "2", "x"), item("lost", "3", "x"), item("replaced", "4", "x")}},
		{Cluster: "east"},
	}
	after := []Inventory{
		{Cluster: "west", Items: []Item{item("changed", "1", "y"), item("kept", "2", "x"), item("left", "9", "x"), item("replaced", "5", "x")}},
		{Cluster: "east", Items: []Item{item("left", "6", "x")}},
	}
	want := []string{
		`cluster "west": changed ConfigMap n/changed`,
		`cluster "west": made ConfigMap n/left`,
		`cluster "west": removed ConfigMap n/lost`,
		`cluster "west": replaced ConfigMap n/replaced`,
		`cluster "east": made ConfigMap n/left`,
	}
	var got []string
	for _, change := range Diff(before, after) {
		got = append(got, change.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if changes := Diff(before, before); len(changes) != 0 {
		t.Errorf("equal inventories: %v", changes)
	}
}

func TestContentHash(t *testing.T) {
	object := func(change func(map[string]any)) *unstructured.Unstructured {
		content := map[string]any{
			"kind":     "Deployment",
			"metadata": map[string]any{"name": "d", "labels": map[string]any{"a": "b"}},
			"spec":     map[string]any{"replicas": int64(1)},
		}
		change(content)
		return &unstructured.Unstructured{Object: content}
	}
	metadata := func(o map[string]any) map[string]any { return o["metadata"].(map[string]any) }
	tests := []struct {
		name   string
		change func(map[string]any)
		same   bool
	}{
		{"nothing", func(map[string]any) {}, true},
		{"status", func(o map[string]any) { o["status"] = map[string]any{"replicas": int64(1)} }, true},
		{"bookkeeping", func(o map[string]any) { metadata(o)["resourceVersion"] = "7"; metadata(o)["generation"] = int64(2) }, true},
		{"a rollout's annotation", func(o map[string]any) {
			metadata(o)["annotations"] = map[string]any{"deployment.kubernetes.io/revision": "2"}
		}, true},
		{"an annotation", func(o map[string]any) { metadata(o)["annotations"] = map[string]any{"mine": "2"} }, false},
		{"a label", func(o map[string]any) { metadata(o)["labels"] = map[string]any{} }, false},
		{"the spec", func(o map[string]any) { o["spec"] = map[string]any{"replicas": int64(2)} }, false},
	}
	base, err := contentHash(object(func(map[string]any) {}))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := contentHash(object(test.change))
			if err != nil {
				t.Fatal(err)
			}
			if (got == base) != test.same {
				t.Errorf("want the same hash: %v", test.same)
			}
		})
	}
}
