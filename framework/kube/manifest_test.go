package kube

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDecode(t *testing.T) {
	tests := []struct {
		name     string
		manifest string
		want     []string
		wantErr  string
	}{
		{name: "nothing", manifest: ""},
		{name: "only comments and separators", manifest: "# nothing\n---\n---\n# here\n"},
		{
			name:     "several documents",
			manifest: "kind: A\napiVersion: v1\nmetadata: {name: a, namespace: ns}\n---\n\n---\napiVersion: v1\nkind: B\nmetadata: {name: b}\n",
			want:     []string{"A ns/a", "B b"},
		},
		{
			name:     "a list is opened",
			manifest: "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, metadata: {name: a}}\n- {apiVersion: v1, kind: B, metadata: {name: b}}\n",
			want:     []string{"A a", "B b"},
		},
		{name: "JSON is YAML", manifest: `{"apiVersion":"v1","kind":"A","metadata":{"name":"a"}}`, want: []string{"A a"}},
		{name: "a tool's error message", manifest: "Error: no such flag", wantErr: "document 1"},
		{name: "no kind", manifest: "apiVersion: v1\nmetadata: {name: a}\n", wantErr: "document 1: want apiVersion and kind"},
		{name: "no name", manifest: "apiVersion: v1\nkind: A\n", wantErr: "document 1: A without metadata.name"},
		{
			name:     "all that is wrong is reported",
			manifest: "kind: A\n---\napiVersion: v1\nkind: B\nmetadata: {name: b}\n---\napiVersion: v1\n",
			want:     []string{"B b"},
			wantErr:  "document 1: want apiVersion and kind\ndocument 3: want apiVersion and kind",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			objects, err := Decode([]byte(test.manifest))
			if got := errText(err); !strings.Contains(got, test.wantErr) || (test.wantErr == "") != (err == nil) {
				t.Errorf("want error %q, got %q", test.wantErr, got)
			}
			var got []string
			for _, obj := range objects {
				got = append(got, RefOf(obj).String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("apiVersion: v1\nkind: A\nmetadata: {name: a}\n---\n"))
	f.Add([]byte("apiVersion: v1\nkind: List\nitems: [1]\n"))
	f.Fuzz(func(t *testing.T, manifest []byte) {
		objects, _ := Decode(manifest)
		for _, obj := range objects {
			if obj.GetKind() == "" || obj.GetAPIVersion() == "" {
				t.Errorf("an object without kind or version: %v", obj)
			}
		}
	})
}

func TestConvertDropsWhatNobodyDecided(t *testing.T) {
	got, err := Convert(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "d"}})
	if err != nil {
		t.Fatal(err)
	}
	if got.GetAPIVersion() != "apps/v1" || got.GetKind() != "Deployment" {
		t.Errorf("want the kind filled in, got %s %s", got.GetAPIVersion(), got.GetKind())
	}
	if _, ok := got.Object["status"]; ok {
		t.Error("want no status")
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
