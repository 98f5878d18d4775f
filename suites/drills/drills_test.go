package drills

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/diagnose"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/framework/workload"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/faults"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
	"github.com/eastwest-mesh/eastwest/providers"
	"github.com/eastwest-mesh/eastwest/scenarios"
)

// drill is what one fault must look like.
type drill struct {
	fault string
	// cluster is the one that is broken, and that the finding must name.
	cluster string
	// says is part of the message of the scenario that fails; empty where the
	// fault does not stop calls at once.
	says string
	// hostNames is set where the gateways must have host names with an address
	// for each zone; these drills come last.
	hostNames bool
	// works is set where calls go on as before: what is found is then a warning.
	works bool
	// blames is the cluster that the finding names, where that is another one.
	blames string
	// both is set where the other cluster has to be changed, too, and is named as well.
	both bool
	// basic is set for those that TestDrills does.
	basic bool
	// unmended says why the printed fix, pasted, does not mend the fault.
	unmended string
	// keepCallers is set where no new pod could start: without istiod nothing is injected.
	keepCallers bool
}

// patience bounds how long a mended mesh may take to be seen as sound again.
const patience = 90 * time.Second

// TestDrills makes one mesh and breaks it in every way, one after the other.
// It needs root, as the lab does.
func TestDrills(t *testing.T) {
	provider := providers.NewLab(lab.Options{Name: "drills", Envoy: os.Getenv("EASTWEST_ENVOY"), Progress: os.Stderr})
	s := open(t, provider)
	healthy(t, s)
	running, err := lab.Open(lab.Options{Name: "drills"})
	if err != nil {
		t.Fatal(err)
	}
	named := false
	for _, d := range table() {
		if !d.basic {
			continue
		}
		if d.hostNames && !named {
			giveHostNames(t, running)
			healthy(t, s)
			named = true
		}
		t.Run(d.fault, func(t *testing.T) {
			fault, err := faults.Find(d.fault)
			if err != nil {
				t.Fatal(err)
			}
			if err := fault.Break(t.Context(), running, d.cluster); err != nil {
				t.Fatal(err)
			}
			if !d.keepCallers {
				freshCallers(t, s)
			}
			seen(t, s, d)
			diagnosed(t, s, running, d, fault)
			if err := fault.Mend(t.Context(), running, d.cluster); err != nil {
				t.Fatal(err)
			}
			healthy(t, s)
		})
	}
}

// TestDrillsCoverEveryFault keeps the table whole.
func TestDrillsCoverEveryFault(t *testing.T) {
	for _, fault := range faults.All() {
		if !slices.ContainsFunc(table(), func(d drill) bool { return d.fault == fault.Name }) {
			t.Errorf("the lab can break %q, but no drill does", fault.Name)
		}
		if _, known := checks.Find(fault.Check); !known {
			t.Errorf("fault %q is to be found by %s, and there is no such check", fault.Name, fault.Check)
		}
	}
}

// open sets the mesh up and undoes it at the end of the test.
func open(t *testing.T, provider *providers.Lab) *run.Run {
	t.Helper()
	bounds := kube.LocalBounds()
	// What is broken is asked for only this long before it is measured.
	bounds.Converge = 15 * time.Second
	s, err := run.New(run.Config{
		Provider: provider, Cell: report.Cell{Platform: "lab", CA: "istio", Environment: "lab"}, Clusters: 2,
		ErrorProbability: run.DefaultErrorProbability, Bounds: bounds, StateDir: t.TempDir(), Progress: os.Stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := s.Open(t.Context())
	t.Cleanup(func() {
		if _, err := s.Finish(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range s.Steps() {
		if c := s.Step(ctx, step); c.Status != report.Passed {
			t.Fatalf("step %s: %s: %s", c.ID, c.Status, c.Message)
		}
	}
	return s
}

// freshCallers replaces the Sleep pods, as every run of verify has pods of its
// own: a connection from before the fault would hide it.
func freshCallers(t *testing.T, s *run.Run) {
	t.Helper()
	if err := replaceCallers(t.Context(), s.Fleet()); err != nil {
		t.Fatal(err)
	}
}

func replaceCallers(ctx context.Context, f *fleet.Fleet) error {
	return f.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		old, err := probe.ReadyPods(ctx, cluster.Client, workload.DefaultNamespace, workload.SleepSelector)
		if err != nil {
			return err
		}
		known := map[string]bool{}
		now := metav1.NewDeleteOptions(0)
		for _, pod := range old {
			known[pod.Name] = true
			if err := cluster.Client.Kubernetes.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, *now); err != nil {
				return err
			}
		}
		return cluster.Client.AwaitPoll(ctx, kube.Poll{
			For: "a new Sleep pod", Bound: patience,
			Ask: func(ctx context.Context) (kube.State, error) {
				pod, err := probe.ReadyPod(ctx, cluster.Client, workload.DefaultNamespace, workload.SleepSelector)
				return kube.State{Met: err == nil && !known[pod.Name], Seen: "no new pod"}, err
			},
		})
	})
}

// seen wants the base scenario to be non-conformant, with words that name what is missing.
func seen(t *testing.T, s *run.Run, d drill) {
	t.Helper()
	if d.says == "" {
		return
	}
	c := run.Execute(t.Context(), base(), s.Env())
	outcome, reasons := report.Outcome([]report.Case{c})
	t.Logf("%s: %s", outcome, c.Message)
	if outcome != verdict.NonConformant || !strings.Contains(c.Message, d.says) {
		t.Errorf("want %s with %q, got %s: %s", verdict.NonConformant, d.says, outcome, strings.Join(reasons, "; "))
	}
}

// lateName makes every istiod ask for the gateways' names too early: a sound
// mesh has to come out of that by itself.
const lateName = 2 * time.Second

// giveHostNames gives the gateways new load balancers, of the kind that Amazon has.
func giveHostNames(t *testing.T, running *lab.Lab) {
	t.Helper()
	if err := running.SetBalancing(t.Context(), loadbalancer.Traits{Hostname: true, Addresses: 3, NameAfter: lateName}); err != nil {
		t.Fatal(err)
	}
	fault, err := faults.Find("address")
	if err != nil {
		t.Fatal(err)
	}
	for _, cluster := range running.State.Clusters {
		if err := errors.Join(fault.Break(t.Context(), running, cluster.Name), fault.Mend(t.Context(), running, cluster.Name)); err != nil {
			t.Fatal(err)
		}
	}
}

// diagnosed wants the diagnosis to find the fault by the check that is there for it, on the
// right cluster, as the only cause.
func diagnosed(t *testing.T, s *run.Run, running *lab.Lab, d drill, fault faults.Fault) {
	t.Helper()
	var diagnosis diagnose.Diagnosis
	err := s.Fleet().Clusters[0].Client.AwaitPoll(t.Context(), kube.Poll{
		For: "a diagnosis that finds something", Bound: patience,
		Ask: func(ctx context.Context) (kube.State, error) {
			diagnosis = s.Diagnose(ctx)
			return kube.State{Met: !diagnosis.Healthy() || d.works && warned(diagnosis, fault.Check, d.cluster), Seen: "nothing"}, nil
		},
	})
	t.Logf("diagnosis:\n%s", diagnosis.Text())
	if err != nil {
		t.Errorf("want %s: %v", fault.Check, err)
	}
	for _, finding := range diagnosis.Findings() {
		pasteHarmless(t, running, finding.Check, finding.Commands)
	}
	for _, cause := range diagnosis.Causes {
		if cause.Check != fault.Check || cause.Cluster != d.cluster {
			t.Errorf("want %s of %s as the only cause, got %s of %s: %s", fault.Check, d.cluster, cause.Check, cause.Cluster, cause.Found)
		}
	}
}

func warned(diagnosis diagnose.Diagnosis, check, cluster string) bool {
	return slices.ContainsFunc(diagnosis.Warnings, func(f checks.Finding) bool { return f.Check == check && f.Cluster == cluster })
}

// healthy waits until nothing is found any more, then wants the base scenario to pass.
func healthy(t *testing.T, s *run.Run) {
	t.Helper()
	client := s.Fleet().Clusters[0].Client
	err := client.AwaitPoll(t.Context(), kube.Poll{
		For: "a diagnosis without findings", Bound: patience,
		Ask: func(ctx context.Context) (kube.State, error) {
			diagnosis := s.Diagnose(ctx)
			return kube.State{Met: diagnosis.Healthy() && len(diagnosis.Unread) == 0, Seen: diagnosis.Text()}, nil
		},
	})
	if err != nil {
		t.Fatalf("the mesh is mended, but: %v", err)
	}
	if c := run.Execute(t.Context(), base(), s.Env()); c.Status != report.Passed {
		t.Fatalf("the mesh is mended and nothing is found, but %s %s: %s", c.ID, c.Status, c.Message)
	}
}

func base() run.Scenario {
	all := scenarios.Basic()
	at := slices.IndexFunc(all, func(s run.Scenario) bool { return s.ID == "both-directions" })
	if at < 0 {
		panic(fmt.Sprintf("no scenario both-directions among %d", len(all)))
	}
	return all[at]
}
