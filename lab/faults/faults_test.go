package faults

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The table is what the command line shows and what the drills go through.
func TestTable(t *testing.T) {
	check := regexp.MustCompile(`^EW\d{4}$`)
	name := regexp.MustCompile(`^[a-z][a-z-]*[a-z]$`)
	seen := map[string]bool{}
	for _, f := range All() {
		switch {
		case seen[f.Name]:
			t.Errorf("%s is there twice", f.Name)
		case !name.MatchString(f.Name), f.Breaks == "", !check.MatchString(f.Check), len(f.steps) == 0:
			t.Errorf("want a name, words, a check and steps, got %+v", f)
		}
		seen[f.Name] = true
	}
	if _, err := Find("no-such"); err == nil || !strings.Contains(err.Error(), "lab break --help") {
		t.Errorf("want it said where the faults are listed, got %v", err)
	}
}

// Every manifest is read, and names each object in full.
func TestManifests(t *testing.T) {
	files, err := fs.Glob(manifests, "manifests/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("want manifests, got %v, %v", files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "manifests/"), ".yaml")
		objects, err := manifest(name)
		if err != nil || len(objects) == 0 {
			t.Errorf("%s: %d objects, %v", name, len(objects), err)
		}
		for _, u := range objects {
			if o := objectOf(u); o.APIVersion == "" || o.Kind == "" || o.Name == "" {
				t.Errorf("%s: want a whole object, got %+v", name, o)
			}
		}
	}
}

// What a patch removes is gone, and what it does not name stays.
func TestPatch(t *testing.T) {
	for _, text := range []string{
		`{"metadata":{"labels":{"a":null}}}`, `[{"op":"remove","path":"/metadata/labels/a"}]`,
	} {
		u := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "n", "labels": map[string]any{"a": "1", "b": "2"}},
		}}
		if err := patched(u, text); err != nil {
			t.Fatal(err)
		}
		if labels := u.GetLabels(); len(labels) != 1 || labels["b"] != "2" {
			t.Errorf("%s: got labels %v", text, labels)
		}
	}
}

// A pattern that matches nothing is no fault.
func TestReplaced(t *testing.T) {
	if got, err := replaced("a: 1\nb: 2\n", "b: .*", "b: 3"); err != nil || got != "a: 1\nb: 3\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := replaced("a: 1", "b: .*", "b: 3"); err == nil {
		t.Error("want an error for a text without a match")
	}
}
