package cases

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/diagnose"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/workload"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
	"github.com/eastwest-mesh/eastwest/suites/commandline"
)

// patience bounds how long a mesh may take to show what was done to it, or to be as before.
const patience = 2 * time.Minute

// TestReported goes through all cases on one lab. It needs root, as the lab does. With
// EASTWEST_RECORD set to a folder it leaves the snapshot of each case there.
func TestReported(t *testing.T) {
	m := start(t, "--mesh")
	m.await(t, "the mesh as it is made", liveCase{})
	for _, c := range liveCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Log(c.source)
			m.tmp = t.TempDir()
			m.run(t, c.make)
			record(t, c, m.await(t, c.name, c))
			m.run(t, c.undo)
			m.await(t, "as before", liveCase{})
		})
	}
}

// mesh is a lab with a mesh.
type mesh struct {
	running *lab.Lab
	binary  string // eastwest itself
	tmp     string // of the case
	// clusters is how many of the lab's are looked at, the first ones; 0 means all.
	clusters int
}

// start makes a lab; the arguments are those of "lab up".
func start(t *testing.T, args ...string) *mesh {
	t.Helper()
	eastwest := commandline.Build(t)
	name := fmt.Sprintf("cases-%d", os.Getpid())
	t.Cleanup(func() {
		down := exec.CommandContext(context.WithoutCancel(t.Context()), eastwest.Path, "lab", "down", "--name", name)
		if out, err := down.CombinedOutput(); err != nil {
			t.Errorf("end the lab: %v\n%s", err, out)
		}
	})
	up := eastwest.Command(t, append([]string{"lab", "up", "--name", name}, args...)...)
	up.Stderr = os.Stderr
	if err := up.Run(); err != nil {
		t.Fatal(err)
	}
	running, err := lab.Open(lab.Options{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return &mesh{running: running, binary: eastwest.Path}
}

// run carries out a case's commands.
func (m *mesh) run(t *testing.T, commands string) {
	t.Helper()
	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	for i, c := range m.running.State.Clusters {
		for short, program := range map[string]string{"k": "kubectl", "i": "istioctl"} {
			fmt.Fprintf(&script, "%s%d() { %s --kubeconfig='%s' \"$@\"; }\n", short, i+1, program, c.Kubeconfig)
		}
	}
	fmt.Fprintf(&script, "eastwest() { '%s' \"$@\" --name '%s'; }\n", m.binary, m.running.State.Name)
	script.WriteString(commands + "\n")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	cmd.Env = append(os.Environ(), "PATH="+m.running.State.Own().Bin+":"+os.Getenv("PATH"), "TMP="+m.tmp)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// take reads and judges the mesh.
func (m *mesh) take(t *testing.T, c liveCase) (*istio.Snapshot, diagnose.Diagnosis) {
	t.Helper()
	specs := providers.Specs(m.running)
	if m.clusters > 0 {
		specs = specs[:m.clusters]
	}
	for i := range specs {
		specs[i].Revision = c.revision
	}
	f, err := fleet.Connect(t.Context(), specs, fleet.Options{UserAgent: "cases", Bounds: kube.ReadingBounds(), Tolerate: true, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	s := diagnose.Take(t.Context(), f.Clusters, diagnose.Options{Namespace: workload.DefaultNamespace, Calls: diagnose.Sized})
	return s, diagnose.Judge(s, checks.OfMesh())
}

// await looks until the diagnosis is the right one twice in a row, so that nothing that is
// only on its way is taken for it.
func (m *mesh) await(t *testing.T, what string, c liveCase) *istio.Snapshot {
	t.Helper()
	inARow := 0
	for end := time.Now().Add(patience); ; {
		s, d := m.take(t, c)
		wrong := mistake(d)
		if wrong == "" {
			if inARow++; inARow == 2 {
				t.Logf("%s:\n%s", what, d.Text())
				return s
			}
			continue
		}
		inARow = 0
		if time.Now().After(end) {
			t.Errorf("%s: %s\n%s", what, wrong, d.Text())
			return s
		}
		time.Sleep(time.Second) // between two looks at a mesh that needs time to settle
	}
}

// mistake is what is wrong with a diagnosis of a sound mesh; empty for nothing.
func mistake(d diagnose.Diagnosis) string {
	switch {
	case len(d.Unanswered) > 0:
		return "not everything could be read"
	case len(d.Causes)+len(d.Warnings) > 0:
		return "want nothing above info"
	}
	return ""
}

// record keeps the snapshot of a case.
func record(t *testing.T, c liveCase, s *istio.Snapshot) {
	t.Helper()
	folder := os.Getenv("EASTWEST_RECORD")
	if folder == "" {
		return
	}
	hidden, err := istio.Anonymize(s)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(folder, strings.ReplaceAll(c.name, " ", "-")+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := hidden.Save(file); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
