package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

func ref(name string) kube.Ref {
	return kube.Ref{APIVersion: "v1", Kind: "ConfigMap", Namespace: "n", Name: name}
}

func withUID(r kube.Ref, uid string) kube.Ref {
	r.UID = types.UID("uid-" + uid)
	return r
}

func TestJournalSurvivesItsProcess(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	header := Header{
		Run: "r1", Started: time.Now().UTC().Truncate(time.Second), Environment: "lab", Owner: "me",
		Clusters: []Cluster{{Name: "west", Kubeconfig: "/k", UID: "u"}},
	}
	j, err := Create(dir, header)
	if err != nil {
		t.Fatal(err)
	}
	before := "old"
	errs := []error{
		j.Making(ctx, "west", []kube.Ref{ref("a"), ref("b")}),
		j.Made(ctx, "west", withUID(ref("a"), "1")),
		j.append(Entry{Event: EventExpecting, Cluster: "west", Ref: ref("c"), Tool: kube.ToolIstioctl, ServerTime: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}),
		j.Labelling(ctx, "east", ref("d"), "k", &before, "new"),
		j.Labelling(ctx, "east", ref("e"), "k", nil, "new"),
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	wrote := j.Entries()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	info, err := os.Stat(j.Path())
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("want the journal readable by its owner only, got %s", info.Mode())
	}
	reopened, err := Open(dir, "r1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reopened.Close() }()
	header.Format = FormatVersion
	if diff := cmp.Diff(header, reopened.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wrote, reopened.Entries()); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if _, err := Create(dir, header); err == nil {
		t.Error("want a second run of the same ID refused")
	}
}

// A journal is held by its process: nobody undoes a run that is under way, and
// nobody takes it for one that was left.
func TestJournalIsHeldWhileItsRunLives(t *testing.T) {
	dir := t.TempDir()
	j, err := Create(dir, Header{Run: "r1", Clusters: []Cluster{{Name: "west", UID: "u"}}})
	if err != nil {
		t.Fatal(err)
	}
	var alive *RunInProgressError
	if _, err := Open(dir, "r1"); !errors.As(err, &alive) {
		t.Errorf("open the journal of a living run: want an RunInProgressError, got %v", err)
	}
	if left, err := LeftOn(dir, []string{"u"}); err != nil || len(left) != 0 {
		t.Errorf("a living run has left nothing: got %v, %v", left, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[string]int{"u": 1, "another": 0} {
		if left, err := LeftOn(dir, []string{"x", uid}); err != nil || len(left) != want {
			t.Errorf("runs left on cluster %s: want %d, got %v, %v", uid, want, left, err)
		}
	}
	again, err := Open(dir, "r1")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Remove(); err != nil {
		t.Fatal(err)
	}
}

func TestParse(t *testing.T) {
	const head = `{"format":1,"run":"r1"}` + "\n"
	const entry = `{"time":"2026-01-01T00:00:00Z","event":"making","cluster":"west","ref":{"apiVersion":"v1","kind":"A","name":"a"}}` + "\n"
	tests := []struct {
		name, content string
		entries       int
		wantErr       string
	}{
		{name: "nothing made yet", content: head},
		{name: "two entries", content: head + entry + entry, entries: 2},
		{name: "the last line is torn", content: head + entry + `{"time":"2026-`, entries: 1},
		{name: "continued after a torn line", content: head + entry + "{\"time\":\"2026-\n\n" + entry, entries: 1 + 1},
		{name: "a line in the middle is damaged", content: head + "garbage\n" + entry, wantErr: "line 2"},
		{name: "empty file", content: "", wantErr: "line 1"},
		{name: "of a later version", content: `{"format":2,"run":"r1"}` + "\n", wantErr: "format 2, this eastwest reads 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, entries, err := parse([]byte(test.content))
			if (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Fatalf("want error %q, got %v", test.wantErr, err)
			}
			if len(entries) != test.entries {
				t.Errorf("want %d entries, got %d", test.entries, len(entries))
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"format":1,"run":"r1"}` + "\n" + `{"event":"making"}` + "\n{"))
	f.Fuzz(func(t *testing.T, content []byte) {
		header, _, err := parse(content)
		if err == nil && header.Format != FormatVersion {
			t.Errorf("accepted format %d", header.Format)
		}
	})
}

func TestTasks(t *testing.T) {
	entries := []Entry{
		{Event: EventMaking, Cluster: "west", Ref: ref("undone long ago")},
		{Event: EventUndone, Cluster: "west"},
		{Event: EventMaking, Cluster: "west", Ref: ref("a")},
		{Event: EventMaking, Cluster: "west", Ref: ref("b")},
		{Event: EventMade, Cluster: "west", Ref: withUID(ref("a"), "1")},
		{Event: EventMaking, Cluster: "east", Ref: ref("elsewhere")},
		{Event: EventLabelling, Cluster: "west", Ref: withUID(ref("a"), "1"), Label: "k", After: "v"},
		{Event: EventMaking, Cluster: "west", Ref: ref("a")}, // made again after somebody deleted it
		{Event: EventMade, Cluster: "west", Ref: withUID(ref("a"), "2")},
		{Event: EventExpecting, Cluster: "west", Ref: ref("c")},
	}
	want := []string{
		"expecting ConfigMap n/c ", "making ConfigMap n/a uid-2", "labelling ConfigMap n/a uid-1",
		"making ConfigMap n/b ", "making ConfigMap n/a uid-1",
	}
	var got []string
	for _, task := range tasks(entries, "west") {
		got = append(got, string(task.Event)+" "+task.Ref.String()+" "+string(task.Ref.UID))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
}

func TestOrder(t *testing.T) {
	of := func(event Event, kind string) task { return task{Entry{Event: event, Ref: kube.Ref{Kind: kind}}} }
	got := order([]task{
		of(EventExpecting, "ConfigMap"),
		of(EventMaking, "Deployment"),
		of(EventMaking, "CustomResourceDefinition"),
		of(EventMaking, "Namespace"),
		of(EventLabelling, "Namespace"), // somebody's: it only gets its label back
	})
	want := stages{
		namespaces:  []task{of(EventMaking, "Namespace")},
		rest:        []task{of(EventMaking, "Deployment"), of(EventLabelling, "Namespace")},
		definitions: []task{of(EventMaking, "CustomResourceDefinition")},
		expected:    []task{of(EventExpecting, "ConfigMap")},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(stages{})); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
}

func TestListTellsGoodAndBad(t *testing.T) {
	dir := t.TempDir()
	for i, run := range []string{"later", "earlier"} {
		j, err := Create(dir, Header{Run: run, Started: time.Unix(int64(1000-i), 0)})
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.jsonl"), []byte("bad"), 0o600); err != nil {
		t.Fatal(err)
	}
	headers, err := List(dir)
	if err == nil || !strings.Contains(err.Error(), "bad.jsonl") {
		t.Errorf("want the bad journal named, got %v", err)
	}
	if len(headers) != 2 || headers[0].Run != "earlier" {
		t.Errorf("want the good ones, the oldest first, got %+v", headers)
	}
	if headers, err := List(filepath.Join(dir, "none")); err != nil || len(headers) != 0 {
		t.Errorf("no folder: want nothing, got %v, %v", headers, err)
	}
}
