package scenarios

import (
	"context"
	"errors"
	"sync"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

func localVersionScaledToZero() Scenario {
	return Scenario{
		ID:      "local-version-scaled-to-zero",
		Name:    "Other clusters answer when the local version is gone",
		Promise: "when a cluster runs no HelloWorld itself, the other clusters answer every one of its calls",
		Source:  "page line 11 (services of several clusters act as one); istio.io: failover of multi-cluster services",
		Needs:   Needs{Clusters: 2, Disruptive: true},
		Bound:   boundChange,
		Run:     runLocalVersionScaledToZero,
	}
}

// runLocalVersionScaledToZero takes the clusters one after another: with all
// at zero at once nobody would answer. While one cluster's own version ends,
// that of the cluster before starts again; a sample is taken when both have.
// Whatever happened, every version runs again when it returns.
func runLocalVersionScaledToZero(ctx context.Context, env *Env) error {
	var errs []error
	var before *fleet.Cluster // whose own version is to start again
	for _, cluster := range env.Fleet.Clusters {
		if ctx.Err() != nil {
			errs = append(errs, ctx.Err())
			break
		}
		var started, err error
		var both sync.WaitGroup
		both.Go(func() { started = env.startLocal(ctx, before) })
		both.Go(func() { err = env.scaleLocal(ctx, cluster, 0) })
		both.Wait()
		before = cluster
		if err == nil {
			err = env.sample(ctx, expect{
				source:  cluster,
				shares:  verdict.EqualShares(versionsWithout(env.versions(), cluster.Version)...),
				sources: 1,
			})
		}
		errs = append(errs, started, err)
	}
	last := env.startLocal(ctx, before)
	if last == nil && ctx.Err() == nil {
		last = env.answeredByAll(ctx)
	}
	return errors.Join(append(errs, last)...)
}

func (e *Env) scaleLocal(ctx context.Context, cluster *fleet.Cluster, replicas int32) error {
	scaling := workload.Scaling{Namespace: e.Namespace, Version: cluster.Version, Replicas: replicas}
	return workload.Scale(ctx, cluster, scaling, e.Bounds)
}

// startLocal scales a cluster's own version back to one, also after the run was
// interrupted; of no cluster it does nothing.
func (e *Env) startLocal(ctx context.Context, cluster *fleet.Cluster) error {
	if cluster == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreBound)
	defer cancel()
	return e.scaleLocal(ctx, cluster, 1)
}

// answeredByAll waits until the callers of every cluster are answered by every
// version again, as before the scenario.
func (e *Env) answeredByAll(ctx context.Context) error {
	return e.Fleet.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		goal := probe.AllOf(e.versions(), e.batch(0))
		goal.Bound = e.Bounds.Converge
		back, err := probe.Converge(ctx, e.sleep(cluster), goal)
		if err != nil {
			return errorOfGoal("after HelloWorld was scaled back on every cluster: from cluster "+cluster.Name, err)
		}
		e.note("all versions answered cluster %s again %s after each was back", cluster.Name, back.Round(roundTo))
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
