package drills

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
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
	"github.com/eastwest-mesh/eastwest/lab/faults"
	"github.com/eastwest-mesh/eastwest/providers"
	"github.com/eastwest-mesh/eastwest/suites/commandline"
)

// What TestDrillsAll does can be changed by the environment.
const (
	// onLab names a lab with a mesh that is up already, and is left so.
	onLab = "EASTWEST_DRILLS_LAB"
	// passedFile names the file of the faults that have passed: they are not tried again,
	// until all have and the file is removed.
	passedFile = "EASTWEST_DRILLS_PASSED"
)

// TestDrillsAll puts in every fault, one after the other: the right check must find it, and
// nothing else may be called a cause; the commands of its fix are run as they are printed;
// once it is mended nothing may be found. It needs root, as the lab does.
func TestDrillsAll(t *testing.T) {
	m := startMesh(t)
	m.awaitHealthy(t)
	m.askIstioctl(t, sound)
	done := readPassed(t)
	for _, d := range table() {
		if slices.Contains(done, d.fault) {
			continue
		}
		passed := t.Run(d.fault, func(t *testing.T) {
			line := m.drill(t, d)
			if !t.Failed() {
				t.Log(line)
				notePassed(t, line)
			}
		})
		if !passed {
			m.recover(t, d)
		}
	}
	if file := os.Getenv(passedFile); file != "" && !t.Failed() && len(readPassed(t)) == len(table()) {
		if err := os.Rename(file, file+".done"); err != nil {
			t.Error(err)
		}
	}
}

// drill breaks, looks, mends, and tells in a line how that went.
func (m *liveMesh) drill(t *testing.T, d drill) string {
	t.Helper()
	began := time.Now()
	if d.hostNames && !m.named {
		giveHostNames(t, m.running)
		m.named = true
	}
	fault, err := faults.Find(d.fault)
	if err != nil {
		t.Fatal(err)
	}
	if err := fault.Break(t.Context(), m.running, d.cluster); err != nil {
		t.Fatal(err)
	}
	if !d.keepCallers {
		m.freshCallers(t)
	}
	broken := time.Now()
	s, diagnosis := m.await(t, fault.Name, sure, func(diagnosis diagnose.Diagnosis) string { return d.mistake(fault, diagnosis) })
	found := time.Since(broken)
	t.Logf("%s:\n%s", fault.Name, diagnosis.Text())
	record(t, d, fault, s)
	m.askIstioctl(t, fault.Name)
	mended := "not mended by the printed fix: " + d.unmended
	switch wrote := m.paste(t, d, fault, diagnosis); {
	case d.unmended == "" && !wrote:
		t.Error("the printed fix changes nothing, and the table does not say why")
	case d.unmended == "":
		m.awaitHealthy(t)
		mended = "mended by the printed fix"
	}
	m.unpaste(t, fault, diagnosis)
	if err := fault.Mend(t.Context(), m.running, d.cluster); err != nil {
		t.Fatal(err)
	}
	m.awaitHealthy(t)
	return fmt.Sprintf("%s\t%s\t%s\tfound after %.0f s\t%s\t%.0f s", fault.Name, fault.Check, d.names(), found.Seconds(), mended, time.Since(began).Seconds())
}

// names is the cluster that the finding names.
func (d drill) names() string {
	if d.blames != "" {
		return d.blames
	}
	return d.cluster
}

// mistake is what is wrong with a diagnosis of the broken mesh; empty for nothing.
func (d drill) mistake(fault faults.Fault, diagnosis diagnose.Diagnosis) string {
	right := func(f checks.Finding) bool { return f.Check == fault.Check && f.Cluster == d.names() }
	switch {
	case d.works && len(diagnosis.Causes) > 0:
		return "want no error"
	case d.works && !slices.ContainsFunc(diagnosis.Warnings, right):
		return fmt.Sprintf("want the warning %s of %s", fault.Check, d.names())
	case d.works:
		return ""
	case !slices.ContainsFunc(diagnosis.Causes, func(c diagnose.Cause) bool { return right(c.Finding) }),
		slices.ContainsFunc(diagnosis.Causes, func(c diagnose.Cause) bool { return !right(c.Finding) && !(d.both && c.Check == fault.Check) }):
		return fmt.Sprintf("want %s of %s as the only cause", fault.Check, d.names())
	}
	return ""
}

// liveMesh is a lab with a mesh that stays.
type liveMesh struct {
	running *lab.Lab
	// named is whether its gateways have host names.
	named bool
}

func startMesh(t *testing.T) *liveMesh {
	t.Helper()
	name := os.Getenv(onLab)
	if name == "" {
		eastwest := commandline.Build(t)
		name = "drills-all"
		t.Cleanup(func() {
			down := exec.CommandContext(context.WithoutCancel(t.Context()), eastwest.Path, "lab", "down", "--name", name)
			if out, err := down.CombinedOutput(); err != nil {
				t.Errorf("end the lab: %v\n%s", err, out)
			}
		})
		up := eastwest.Command(t, "lab", "up", "--name", name, "--mesh")
		up.Stderr = os.Stderr
		if err := up.Run(); err != nil {
			t.Fatal(err)
		}
	}
	running, err := lab.Open(lab.Options{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return &liveMesh{running: running}
}

// connected does something with the clusters, as far as they answer.
func (m *liveMesh) connected(t *testing.T, do func(*fleet.Fleet)) {
	t.Helper()
	f, err := fleet.Connect(t.Context(), providers.Specs(m.running), fleet.Options{UserAgent: "drills", Bounds: kube.ReadingBounds(), Tolerate: true, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	do(f)
}

func (m *liveMesh) freshCallers(t *testing.T) {
	t.Helper()
	m.connected(t, func(f *fleet.Fleet) {
		if err := replaceCallers(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	})
}

// sure is how often in a row a diagnosis of a broken mesh must be right, so that nothing that
// is only on its way is taken for it. That a mesh is sound one look shows.
const sure = 2

// await looks until a diagnosis is right so many times in a row.
func (m *liveMesh) await(t *testing.T, what string, times int, mistake func(diagnose.Diagnosis) string) (s *istio.Snapshot, d diagnose.Diagnosis) {
	t.Helper()
	inARow := 0
	for end := time.Now().Add(patience); ; {
		m.connected(t, func(f *fleet.Fleet) {
			s = diagnose.Take(t.Context(), f.Clusters, diagnose.Options{Namespace: workload.DefaultNamespace, Calls: diagnose.Sized})
		})
		d = diagnose.Judge(s, checks.OfMesh())
		wrong := mistake(d)
		if wrong == "" {
			if inARow++; inARow == times {
				return s, d
			}
			continue
		}
		inARow = 0
		if time.Now().After(end) {
			t.Errorf("%s: %s\n%s", what, wrong, d.Text())
			return s, d
		}
		time.Sleep(time.Second) // between two looks at a mesh that needs time to settle
	}
}

// awaitHealthy wants nothing to be found.
func (m *liveMesh) awaitHealthy(t *testing.T) {
	t.Helper()
	m.await(t, "healthy again", 1, func(d diagnose.Diagnosis) string {
		switch {
		case len(d.Causes)+len(d.Warnings) > 0:
			return "want nothing above info"
		case len(d.Unanswered) > 0:
			return "not everything could be read"
		}
		return ""
	})
}

// recover has the drills after a failed one begin with a sound mesh.
func (m *liveMesh) recover(t *testing.T, d drill) {
	t.Helper()
	if fault, err := faults.Find(d.fault); err == nil {
		_ = fault.Mend(t.Context(), m.running, d.cluster) // it may be mended already
	}
	m.awaitHealthy(t)
}

// readPassed are the faults that need not be tried again.
func readPassed(t *testing.T) []string {
	t.Helper()
	file, err := os.Open(os.Getenv(passedFile))
	if err != nil {
		return nil
	}
	defer file.Close()
	var all []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, _, _ := strings.Cut(lines.Text(), "\t")
		all = append(all, name)
	}
	return all
}

func notePassed(t *testing.T, line string) {
	t.Helper()
	name := os.Getenv(passedFile)
	if name == "" {
		return
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(file, line); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
