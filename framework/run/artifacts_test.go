package run

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func TestArtifactsAreWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "artifacts")
	stale := filepath.Join(dir, "diagnosis", "old.log")
	if err := errors.Join(os.MkdirAll(filepath.Dir(stale), 0o755), os.WriteFile(stale, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	made := report.Run{
		APIVersion: report.APIVersion, Kind: report.Kind, ID: "r1", Outcome: verdict.Inconclusive,
		Cases: []report.Case{{ID: "clusters", Kind: report.KindStep, Status: report.Errored, Message: "no room"}},
	}
	if err := WriteArtifacts(dir, made, []File{{Name: "cluster1/istiod.log", Content: []byte("log")}}); err != nil {
		t.Fatal(err)
	}
	junit, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	if err != nil || xml.Unmarshal(junit, new(struct{ XMLName xml.Name })) != nil {
		t.Errorf("want well-formed JUnit, got %v", err)
	}
	file, err := os.Open(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if run, err := report.ReadJSON(io.Reader(file)); err != nil || run.ID != "r1" {
		t.Errorf("want the run back, got %q, %v", run.ID, err)
	} else if diff := cmp.Diff([]string{"diagnosis/cluster1/istiod.log"}, run.Evidence); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil || !strings.Contains(string(page), `<a href="diagnosis/cluster1/istiod.log">`) {
		t.Errorf("want the log linked, got %v", err)
	}
	for _, name := range []string{"report.html", "summary.md", "diagnosis/cluster1/istiod.log"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("want %s: %v", name, err)
		}
	}
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want the evidence of an earlier run gone, got %v", err)
	}
	if err := WriteArtifacts(dir, made, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "diagnosis")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("want no folder where nothing was diagnosed, got %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("want no temporary files, got %v %v", left, err)
	}
}

// A pod's name comes from a cluster that may be hostile, and a log may hold anything.
func TestEvidenceStaysInItsFolderAndTellsNoSecret(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "diagnosis")
	written, err := writeEvidence(inside, []File{
		{Name: "west/istiod.log", Content: []byte("x")},
		{Name: "west/istiod.log", Content: []byte("login --password hunter2\n")},
		{Name: "west/../../escaped.log", Content: []byte("x")},
		{Name: "/etc/escaped.log", Content: []byte("x")},
	})
	if err == nil || strings.Count(err.Error(), "write the diagnosis") != 2 {
		t.Errorf("want both escapes reported, got %v", err)
	}
	if diff := cmp.Diff([]string{"west/istiod.log"}, written); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "escaped.log")); err == nil {
		t.Error("a file was written outside of the folder")
	}
	name := filepath.Join(inside, "west", "istiod.log")
	content, err := os.ReadFile(name)
	if err != nil || strings.Contains(string(content), "hunter2") {
		t.Errorf("got %q, %v", content, err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("want it for its owner only, got %v, %v", info.Mode(), err)
	}
}
