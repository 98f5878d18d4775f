package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/ledger"
)

// leave writes the journal of a run whose clusters cannot be reached.
func leave(t *testing.T, state, run string, started time.Time) {
	t.Helper()
	journal, err := ledger.Create(filepath.Join(state, "runs"), ledger.Header{
		Run: run, Started: started,
		Clusters: []ledger.Cluster{{Name: "west", Kubeconfig: filepath.Join(state, "gone.yaml"), UID: "u"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
}

// state gives the test a folder of its own, and a lab name that no lab has.
func state(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("EASTWEST_STATE", dir)
	t.Setenv("EASTWEST_CACHE", filepath.Join(dir, "cache"))
	return dir
}

func TestCleanupWithNothingLeft(t *testing.T) {
	state(t)
	out, _, code := commandLine(t, "cleanup")
	if code != codeConformant || !strings.Contains(out, "no earlier run has left anything") {
		t.Errorf("want that said and success, got %d and %q", code, out)
	}
}

func TestCleanupOfAnUnknownRun(t *testing.T) {
	leave(t, state(t), "run-1", time.Now())
	_, errOut, code := commandLine(t, "cleanup", "--run", "run-2")
	if code != codeUsage || !strings.Contains(errOut, "known are: run-1") {
		t.Errorf("want wrong use and the known runs, got %d and %q", code, errOut)
	}
}

func TestCleanupKeepsTheJournalOfWhatItCannotReach(t *testing.T) {
	dir := state(t)
	leave(t, dir, "run-1", time.Now())
	_, errOut, code := commandLine(t, "cleanup")
	if code != codeInconclusive || !strings.Contains(errOut, "clean up run run-1") || !strings.Contains(errOut, "gone.yaml") {
		t.Errorf("want \"could not tell\" and the kubeconfig named, got %d and %q", code, errOut)
	}
	if _, err := os.Stat(filepath.Join(dir, "runs", "run-1.jsonl")); err != nil {
		t.Errorf("the journal is gone, though nothing was undone: %v", err)
	}
}

func TestChooseRuns(t *testing.T) {
	now := time.Now()
	runs := []leftRun{
		{Header: ledger.Header{Run: "old", Started: now.Add(-48 * time.Hour)}},
		{Header: ledger.Header{Run: "new", Started: now.Add(-time.Hour)}},
	}
	tests := []struct {
		name  string
		flags cleanupFlags
		want  []string
	}{
		{"all", cleanupFlags{}, []string{"old", "new"}},
		{"one", cleanupFlags{run: "new"}, []string{"new"}},
		{"old ones", cleanupFlags{olderThan: 24 * time.Hour}, []string{"old"}},
		{"one that is not that old", cleanupFlags{run: "new", olderThan: 24 * time.Hour}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, run := range chooseRuns(runs, test.flags, now) {
				got = append(got, run.Run)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
