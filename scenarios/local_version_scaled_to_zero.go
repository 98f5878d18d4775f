package scenarios

import (
	"context"
	"errors"
	"sync"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

func localVersionScaledToZero() run.Scenario {
	return run.Scenario{
		ID:      "local-version-scaled-to-zero",
		Name:    "Other clusters answer when the local version is gone",
		Promise: "when a cluster runs no HelloWorld itself, the other clusters answer every one of its calls",
		Source:  "guide, introduction (services of several clusters act as one); istio.io: failover of multi-cluster services",
		Needs:   run.Needs{Clusters: 2, Disruptive: true},
		Bound:   boundChange,
		Run:     on(runLocalVersionScaledToZero),
	}
}

// runLocalVersionScaledToZero takes the clusters one after another: with all
// at zero at once nobody would answer. While one cluster's own version ends,
// that of the cluster before starts again; a sample is taken when both have.
// Whatever happened, every version runs again when it returns.
func runLocalVersionScaledToZero(ctx context.Context, t trial) error {
	var errs []error
	var before *fleet.Cluster // whose own version is to start again
	for _, cluster := range t.Fleet.Clusters {
		if ctx.Err() != nil {
			errs = append(errs, ctx.Err())
			break
		}
		var started, err error
		var both sync.WaitGroup
		both.Go(func() { started = t.startLocal(ctx, before) })
		both.Go(func() { err = t.scaleLocal(ctx, cluster, 0) })
		both.Wait()
		before = cluster
		if err == nil {
			err = t.sample(ctx, expect{
				source:   cluster,
				versions: versionsWithout(t.versions(), cluster.Version),
				sources:  1,
			})
		}
		errs = append(errs, started, err)
	}
	last := t.startLocal(ctx, before)
	if last == nil && ctx.Err() == nil {
		last = t.answeredByAll(ctx)
	}
	return errors.Join(append(errs, last)...)
}

func (t trial) scaleLocal(ctx context.Context, cluster *fleet.Cluster, replicas int32) error {
	scaling := workload.Scaling{Namespace: t.Namespace, Version: cluster.Version, Replicas: replicas}
	return workload.Scale(ctx, cluster, scaling, t.Bounds)
}

// startLocal scales a cluster's own version back to one, also after the run was
// interrupted; of no cluster it does nothing.
func (t trial) startLocal(ctx context.Context, cluster *fleet.Cluster) error {
	if cluster == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreBound)
	defer cancel()
	return t.scaleLocal(ctx, cluster, 1)
}

// answeredByAll waits until the callers of every cluster are answered by every
// version again, as before the scenario.
func (t trial) answeredByAll(ctx context.Context) error {
	return t.Fleet.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		goal := probe.AnyOfEach(groups(t.Fleet, cluster, t.versions()), t.batch(0))
		goal.Bound = t.Bounds.Converge
		back, err := probe.Converge(ctx, t.sleep(cluster), goal)
		if err != nil {
			return errorOfGoal("after HelloWorld was scaled back on every cluster: from cluster "+cluster.Name, err)
		}
		t.Note("all versions answered cluster %s again %s after each was back", cluster.Name, back.Round(roundTo))
		return nil
	})
}

func versionsWithout(versions []string, without string) []string {
	var rest []string
	for _, version := range versions {
		if version != without {
			rest = append(rest, version)
		}
	}
	return rest
}
