package drills

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/workload"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
	"github.com/eastwest-mesh/eastwest/scenarios"
	"github.com/eastwest-mesh/eastwest/suites/commandline"
)

const (
	killedLab = "killed"
	// afterLine is the most that passes between the line at which a run is to
	// be killed and the kill: steps take between a tenth of a second and seven.
	afterLine = 800 * time.Millisecond
	// intoUndo is the middle of the undo, which waits five seconds for namespaces.
	intoUndo = 2 * time.Second
)

// moment is when a run is killed: a while after a line of its progress.
type moment struct {
	name, line string
	after      time.Duration
}

// moments has one for the start of every step of the plan, for every scenario
// and for the undo.
func moments(t *testing.T, l *lab.Lab) []moment {
	t.Helper()
	plan, err := run.NewPlan(run.PlanOptions{Clusters: providers.Specs(l), Traits: providers.LabTraits(l)})
	if err != nil {
		t.Fatal(err)
	}
	const seed = 11
	random := rand.New(rand.NewPCG(seed, seed))
	line := "clusters ready ("
	var all []moment
	add := func(name, ended string) {
		all = append(all, moment{name: name, line: line, after: time.Duration(random.Int64N(int64(afterLine)))})
		line = ended
	}
	for _, step := range plan.Steps {
		add("step "+step.ID, step.Title+": done")
	}
	for _, scenario := range scenarios.Basic() {
		add("scenario "+scenario.ID, scenario.ID+": "+scenario.Name+": PASSED")
	}
	add("start of the undo", "")
	last := all[len(all)-1]
	return append(all, moment{name: "middle of the undo", line: last.line, after: intoUndo})
}

// TestDrillsKilledAtEveryStep kills a run at every step with no chance to clean
// up. Cleanup must then return the clusters to what they were, and leave what
// is somebody else's as it is.
func TestDrillsKilledAtEveryStep(t *testing.T) {
	eastwest := commandline.Build(t)
	running, err := lab.Up(t.Context(), lab.Options{Name: killedLab, Executable: eastwest.Path, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := running.Down(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	f, err := fleet.Connect(t.Context(), providers.Specs(running), fleet.Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	makeForeign(t, f)
	foreign, before := foreignObjects(t, f), inventory(t, f)
	for _, m := range moments(t, running) {
		t.Run(m.name, func(t *testing.T) {
			kill(t, eastwest, m)
			if out, err := eastwest.Command(t, "cleanup", "--lab", killedLab).CombinedOutput(); err != nil {
				t.Fatalf("cleanup: %v\n%s", err, out)
			}
			if changes := ledger.Diff(before, inventory(t, f)); len(changes) > 0 {
				t.Errorf("the clusters are not what they were: %v", changes)
			}
			if diff := cmp.Diff(foreign, foreignObjects(t, f)); diff != "" {
				t.Errorf("somebody else's objects (-before +after):\n%s", diff)
			}
			noLock(t, f)
			noFiles(t, running)
		})
	}
}

// kill starts a run and kills it at its moment. A run that ends before never
// came to the line, or past it, and proves nothing.
func kill(t *testing.T, eastwest commandline.Binary, m moment) {
	t.Helper()
	run := eastwest.Command(t, "verify", "--lab", killedLab, "--out", t.TempDir())
	stderr, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	lines := bufio.NewScanner(io.TeeReader(stderr, &printed))
	for want := clustersOf(m); want > 0 && lines.Scan(); {
		if strings.Contains(lines.Text(), m.line) {
			want--
		}
	}
	time.AfterFunc(m.after, func() { _ = run.Process.Kill() })
	for lines.Scan() { // until it is dead, so that it never waits for its reader
		continue
	}
	err = run.Wait()
	if status := run.ProcessState; status.Exited() {
		t.Fatalf("the run was not killed, it ended by itself: %v\n%s", err, printed.Bytes())
	}
}

// clustersOf is how many lines a moment waits for: steps end on each cluster.
func clustersOf(m moment) int {
	if strings.HasSuffix(m.line, ": done") {
		return 2
	}
	return 1
}

func inventory(t *testing.T, f *fleet.Fleet) []ledger.Inventory {
	t.Helper()
	namespaces := append(run.Namespaces(workload.DefaultNamespace), foreignNamespace, metav1.NamespaceSystem, metav1.NamespaceDefault)
	taken, err := ledger.TakeInventory(t.Context(), f.Clients(), ledger.InventoryOptions{Namespaces: namespaces})
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

const foreignNamespace = "somebody-elses"

// makeForeign puts objects on the clusters that have nothing to do with a run,
// one of them with a name that it uses too.
func makeForeign(t *testing.T, f *fleet.Fleet) {
	t.Helper()
	err := f.ForEach(t.Context(), func(ctx context.Context, c *fleet.Cluster) error {
		core := c.Client.Kubernetes.CoreV1()
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: foreignNamespace, Labels: map[string]string{"istio-injection": "disabled"}}}
		if _, err := core.Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
			return err
		}
		for _, name := range []string{"helloworld", "istio"} {
			object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"owner": "somebody else"}}
			if _, err := core.ConfigMaps(foreignNamespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// foreignObjects tells the identity and the state of somebody else's objects.
func foreignObjects(t *testing.T, f *fleet.Fleet) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, c := range f.Clusters {
		core := c.Client.Kubernetes.CoreV1()
		namespace, err := core.Namespaces().Get(t.Context(), foreignNamespace, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		states[c.Name] = fmt.Sprintf("%s %s", namespace.UID, namespace.ResourceVersion)
		for _, name := range []string{"helloworld", "istio"} {
			object, err := core.ConfigMaps(foreignNamespace).Get(t.Context(), name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			states[c.Name+" "+name] = fmt.Sprintf("%s %s", object.UID, object.ResourceVersion)
		}
	}
	return states
}

func noLock(t *testing.T, f *fleet.Fleet) {
	t.Helper()
	for _, c := range f.Clusters {
		_, err := c.Client.Kubernetes.CoordinationV1().Leases(ledger.LockNamespace).Get(t.Context(), ledger.LockName, metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("cluster %s: want no lock left, got %v", c.Name, err)
		}
	}
}

// noFiles wants neither journals nor kubeconfigs of runs.
func noFiles(t *testing.T, l *lab.Lab) {
	t.Helper()
	left, err := os.ReadDir(providers.LabTraits(l).StateDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("left: %s", entry.Name())
	}
}
