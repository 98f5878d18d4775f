package revisions

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/suites/commandline"
	"github.com/eastwest-mesh/eastwest/suites/tally"
)

// TestLabRevisions compares a version with itself: a second control plane of the same version
// in one of two clusters. Nothing may be worse, what cannot be called is named, and nothing of
// the mesh is touched.
func TestLabRevisions(t *testing.T) {
	m := begin(t, "cluster1")
	before := m.pods(t)
	for name, revisions := range map[string]string{
		"three revisions":           "default,canary,other",
		"a revision that is no one": "default,nothing",
		"not in every cluster":      "canary,default",
	} {
		if said, code := m.verify(t, revisions); code != 2 || strings.Contains(said, "namespace for each revision") {
			t.Errorf("%s: exit code %d, want 2 before anything is made:\n%s", name, code, said)
		}
	}
	if said, code := m.verify(t, "default,canary", "--max-duration", "1s"); code != 2 || !strings.Contains(said, "at most 1s is allowed") {
		t.Errorf("too little time: exit code %d, want 2 with the cost:\n%s", code, said)
	}
	said, code := m.verify(t, "default,canary")
	if code != 0 {
		t.Fatalf("exit code %d, want 0:\n%s", code, said)
	}
	run := m.report(t)
	want := map[report.CellOutcome]int{report.CellBaseline: 6, report.CellNoWorse: 9, report.CellNotTaken: 9}
	for _, id := range []string{"mixed-revisions", "way-back"} {
		if diff := cmp.Diff(want, outcomes(run, id)); diff != "" {
			t.Errorf("cells of %s (-want +got):\n%s", id, diff)
		}
	}
	if diff := cmp.Diff(before, m.pods(t)); diff != "" {
		t.Errorf("the mesh's pods (-before +after):\n%s", diff)
	}
}

// TestSameRevisions compares a version with itself, in both clusters, again and again: one cell
// that is not called no worse is a false alarm. It goes on where it was stopped if
// EASTWEST_TALLY names a file, and makes as many runs as EASTWEST_RUNS says.
func TestSameRevisions(t *testing.T) {
	runs, err := tally.Runs()
	if err != nil {
		t.Fatal(err)
	}
	kept, err := tally.Open(os.Getenv("EASTWEST_TALLY"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { t.Logf("runs of a version against itself:\n%s", kept.Text()) })
	const name = "same version, two revisions, two clusters"
	if kept.Tried(name) >= runs {
		return
	}
	m := begin(t, "cluster1", "cluster2")
	for kept.Tried(name) < runs && t.Context().Err() == nil {
		said, code := m.verify(t, "default,canary")
		if code != 0 {
			t.Errorf("a false alarm: exit code %d\n%s", code, said)
		}
		if err := kept.Add(name, code == 0); err != nil {
			t.Fatal(err)
		}
	}
}

// mesh is a lab with a mesh and a second revision.
type mesh struct {
	eastwest commandline.Binary
	lab, out string
}

// begin makes a mesh of two clusters, with a second control plane in some.
func begin(t *testing.T, canaries ...string) mesh {
	t.Helper()
	m := mesh{eastwest: commandline.Build(t), lab: fmt.Sprintf("revisions-%d", os.Getpid()), out: t.TempDir()}
	t.Cleanup(func() {
		down := exec.CommandContext(context.WithoutCancel(t.Context()), m.eastwest.Path, "lab", "down", "--name", m.lab)
		if out, err := down.CombinedOutput(); err != nil {
			t.Errorf("end the lab: %v\n%s", err, out)
		}
	})
	m.onLab(t, "up", "--mesh")
	for _, cluster := range canaries {
		m.onLab(t, "istiod", "add", "--cluster", cluster, "--revision", "canary")
	}
	return m
}

// onLab is one command on the lab.
func (m mesh) onLab(t *testing.T, args ...string) {
	t.Helper()
	cmd := m.eastwest.Command(t, append([]string{"lab", "--name", m.lab}, args...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("lab %v: %v", args, err)
	}
}

// verify runs the suite in its small size and returns what it said and its exit code.
func (m mesh) verify(t *testing.T, revisions string, args ...string) (string, int) {
	t.Helper()
	cmd := m.eastwest.Command(t, append([]string{
		"verify", "--on", "lab", "--lab", m.lab, "--suite", "revisions", "--size", "small", "--revision", revisions, "--out", m.out,
	}, args...)...)
	said, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(said), cmd.ProcessState.ExitCode()
}

func (m mesh) report(t *testing.T) report.Run {
	t.Helper()
	file, err := os.Open(filepath.Join(m.out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	run, err := report.ReadJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// outcomes counts the cells of a scenario by outcome.
func outcomes(run report.Run, id string) map[report.CellOutcome]int {
	counts := map[report.CellOutcome]int{}
	for _, c := range run.Cases {
		if c.ID == id && c.Compared != nil {
			for _, cell := range c.Compared.Cells {
				counts[cell.Outcome]++
			}
		}
	}
	return counts
}

// pods are all pods of the mesh with their UIDs and restarts, and the namespaces.
func (m mesh) pods(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, cluster := range []string{"cluster1", "cluster2"} {
		cmd := m.eastwest.Command(t, "lab", "exec", "--name", m.lab, "--", "kubectl", "--context", cluster, "get", "namespaces,pods", "--all-namespaces", "--output=json")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var list struct {
			Items []struct {
				Kind     string
				Metadata struct{ Namespace, Name, UID, ResourceVersion string }
				Status   struct{ ContainerStatuses []struct{ RestartCount int } }
			}
		}
		if err := json.Unmarshal(out, &list); err != nil {
			t.Fatal(err)
		}
		for _, item := range list.Items {
			all[strings.Join([]string{cluster, item.Kind, item.Metadata.Namespace, item.Metadata.Name}, "/")] = fmt.Sprint(item.Metadata.UID, item.Status.ContainerStatuses)
		}
	}
	return all
}
