package scenarios

import (
	"context"
	"errors"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/sample"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func localVersionScaledToZero() Scenario {
	return Scenario{
		ID:      "E-16",
		Name:    "local-version-scaled-to-zero",
		Promise: "when a cluster runs no HelloWorld itself, the other clusters answer every one of its calls",
		Source:  "page line 11 (services of several clusters act as one); istio.io: failover of multi-cluster services",
		Needs:   Needs{Clusters: 2, Disruptive: true},
		Bound:   boundChange,
		Run:     runLocalVersionScaledToZero,
	}
}

// runLocalVersionScaledToZero takes the clusters one after another: with all
// at zero at once nobody would answer.
func runLocalVersionScaledToZero(ctx context.Context, env *Env) error {
	var errs []error
	for _, cluster := range env.Fleet.Clusters {
		if ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		errs = append(errs, env.withoutLocal(ctx, cluster))
	}
	return errors.Join(errs...)
}

// withoutLocal samples from a cluster whose own version is scaled to zero, and
// restores it whatever happened meanwhile.
func (e *Env) withoutLocal(ctx context.Context, cluster *fleet.Cluster) (err error) {
	scaling := sample.Scaling{Namespace: e.Namespace, Version: cluster.Version}
	defer func() { err = errors.Join(err, e.restoreLocal(ctx, cluster, scaling)) }()
	if err := sample.Scale(ctx, cluster, scaling, e.Bounds); err != nil {
		return err
	}
	return e.sample(ctx, expect{
		source:  cluster,
		shares:  verdict.EqualShares(versionsWithout(e.versions(), cluster.Version)...),
		sources: 1,
	})
}

// restoreLocal scales back to one and waits until the cluster's callers are
// answered by every version again.
func (e *Env) restoreLocal(ctx context.Context, cluster *fleet.Cluster, scaling sample.Scaling) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreBound)
	defer cancel()
	scaling.Replicas = 1
	if err := sample.Scale(ctx, cluster, scaling, e.Bounds); err != nil {
		return err
	}
	goal := probe.AllOf(e.versions(), e.batch(0))
	goal.Bound = e.Bounds.Converge
	back, err := probe.Converge(ctx, e.sleep(cluster), goal)
	if err != nil {
		return errorOfGoal("after HelloWorld was scaled back on cluster "+cluster.Name, err)
	}
	e.note("all versions answered cluster %s again %s after its own version was back", cluster.Name, back.Round(roundTo))
	return nil
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
