package plan

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// slow is an action that takes a second and may fail.
func slow(name string, err error) Action {
	return Await{Title: name, Until: func(context.Context, *Site) error {
		<-time.After(time.Second)
		return err
	}}
}

func runnerFor(names ...string) *Runner {
	r := &Runner{}
	for _, name := range names {
		r.Env.Clients = append(r.Env.Clients, &kube.Client{Name: name})
	}
	return r
}

func TestStepIsParallelOverClustersAndOrderedInEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		r := runnerFor("west", "east")
		r.Observe.ActionEnded = func(_, cluster string, action Shown, _ time.Duration, _ error) {
			mu.Lock()
			defer mu.Unlock()
			if cluster == "west" {
				order = append(order, action.Title)
			}
		}
		work := []Action{slow("one", nil), slow("two", nil)}
		result := r.Step(t.Context(), Step{ID: "s", Work: []Work{{"west", work}, {"east", work}}})
		if result.Err != nil || result.Took != 2*time.Second {
			t.Errorf("want success in two seconds, got %v in %s", result.Err, result.Took)
		}
		if diff := cmp.Diff([]string{"one", "two"}, order); diff != "" {
			t.Errorf("order inside a cluster (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"west", "east"}, []string{result.Clusters[0].Cluster, result.Clusters[1].Cluster}); diff != "" {
			t.Errorf("clusters in the order of the step (-want +got):\n%s", diff)
		}
	})
}

func TestStepTellsAllFailuresAndStopsTheCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		result := runnerFor("west", "east").Step(t.Context(), Step{ID: "s", Work: []Work{
			{"west", []Action{slow("w1", bad), slow("w2", nil)}},
			{"east", []Action{slow("e1", nil), slow("e2", bad)}},
		}})
		want := "e2 on cluster \"east\": bad\nw1 on cluster \"west\": bad"
		if result.Err == nil || result.Err.Error() != want {
			t.Errorf("want %q, got %v", want, result.Err)
		}
		if got := len(result.Clusters[0].Actions); got != 1 {
			t.Errorf("want west stopped after its first action, got %d", got)
		}
	})
}

func TestRunStopsAtTheFirstFailedStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		p := Plan{Steps: []Step{
			{ID: "a", Work: []Work{{"west", []Action{slow("a", nil)}}}},
			{ID: "b", Work: []Work{{"west", []Action{slow("b", bad)}}}},
			{ID: "c", Work: []Work{{"west", []Action{slow("c", nil)}}}},
		}}
		results, err := runnerFor("west").Run(t.Context(), p)
		if !errors.Is(err, bad) || len(results) != 2 {
			t.Errorf("want two results and the error, got %d and %v", len(results), err)
		}
	})
}

func TestStepOfAnUnknownClusterFails(t *testing.T) {
	result := runnerFor("west").Step(t.Context(), Step{ID: "s", Work: []Work{{"south", []Action{slow("x", nil)}}}})
	if result.Err == nil {
		t.Error("want an error: the plan names a cluster that is not connected")
	}
}

func TestStepAfterAnInterruptDoesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	did := false
	act := Await{Title: "x", Until: func(context.Context, *Site) error { did = true; return nil }}
	result := runnerFor("west").Step(ctx, Step{ID: "s", Work: []Work{{"west", []Action{act}}}})
	if did || !errors.Is(result.Err, context.Canceled) {
		t.Errorf("want nothing done and the interrupt reported, did %v, got %v", did, result.Err)
	}
}
