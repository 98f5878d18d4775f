package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/fixtures"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/run"
)

func plaintextRefused() run.Scenario {
	return run.Scenario{
		ID:      "plaintext-refused",
		Name:    "Plaintext is refused where mutual TLS is STRICT",
		Promise: "where mutual TLS is STRICT a caller without a sidecar is refused, and callers with one are answered by all clusters",
		Source:  "guide, introduction (workload identity between clusters); istio.io: PeerAuthentication STRICT",
		Needs:   run.Needs{Clusters: 2, Disruptive: true},
		Bound:   boundChange,
		Run:     on(runPlaintextRefused),
	}
}

// refusals is how many calls must be refused once the policy is in force.
const refusals = 20

// runPlaintextRefused changes one thing, the mode, and asks the same question
// from the same pod before and after: answered under PERMISSIVE, which is the
// positive control, refused under STRICT. While it is refused, callers with a
// sidecar must be answered, or the server may just be down.
func runPlaintextRefused(ctx context.Context, t trial) (err error) {
	if err := t.makeNoSidecars(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.withoutPolicy(ctx)) }()
	if err := t.setPolicy(ctx, "PERMISSIVE"); err != nil {
		return err
	}
	if err := t.Fleet.ForEach(ctx, t.control); err != nil {
		return err
	}
	if err := t.setPolicy(ctx, "STRICT"); err != nil {
		return err
	}
	if err := t.Fleet.ForEach(ctx, t.refused); err != nil {
		return err
	}
	return t.samples(ctx)
}

// control proves that the probe works: the local version answers it.
func (t trial) control(ctx context.Context, cluster *fleet.Cluster) error {
	goal := probe.AllOf([]string{cluster.Version}, t.batch(0))
	goal.Bound = t.Bounds.Converge
	if _, err := probe.Converge(ctx, t.noSidecar(cluster), goal); err != nil {
		return fmt.Errorf("positive control: a caller without a sidecar in cluster %q gets no answer under PERMISSIVE, so that a refusal would prove nothing: %w", cluster.Name, err)
	}
	return nil
}

// refused converges to refusal and then wants every one of a fixed number of calls refused.
func (t trial) refused(ctx context.Context, cluster *fleet.Cluster) error {
	from := t.noSidecar(cluster)
	goal := probe.Refused(t.batch(0))
	goal.Bound = t.Bounds.Converge
	took, err := probe.Converge(ctx, from, goal)
	if err != nil {
		return errorOfGoal(fmt.Sprintf("plaintext under STRICT in cluster %q", cluster.Name), err)
	}
	calls, err := probe.Measure(ctx, from, t.batch(refusals))
	if err != nil {
		return err
	}
	t.Note("cluster %s refused plaintext %s after the policy was set", cluster.Name, took.Round(roundTo))
	return judgeRefusals(cluster.Name, calls)
}

// judgeRefusals: an answer is a violation; a call that neither was answered
// nor refused leaves open what the mesh did.
func judgeRefusals(cluster string, calls []probe.Call) error {
	answered := slices.DeleteFunc(slices.Clone(calls), func(c probe.Call) bool { return c.Unsound || c.Status == 0 })
	if len(answered) > 0 {
		return run.Violated(fmt.Sprintf("cluster %q answered %d of %d plaintext calls under STRICT", cluster, len(answered), len(calls)))
	}
	unclear := slices.DeleteFunc(slices.Clone(calls), func(c probe.Call) bool { return c.Refused() })
	if len(unclear) > 0 {
		return fmt.Errorf("cluster %q: %d of %d plaintext calls were neither answered nor refused: %s", cluster, len(unclear), len(calls), unclear[0].Err)
	}
	return nil
}

// setPolicy sets the mode for the sample's namespace in every cluster.
func (t trial) setPolicy(ctx context.Context, mode string) error {
	policy, err := t.policy(mode)
	if err != nil {
		return err
	}
	return t.Fleet.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		_, err := cluster.Client.Apply(ctx, policy, t.Own)
		return err
	})
}

func (t trial) policy(mode string) (*unstructured.Unstructured, error) {
	manifest, err := fixtures.Render("peer-authentication.yaml.tmpl", map[string]any{"Namespace": t.Namespace, "Mode": mode})
	if err != nil {
		return nil, err
	}
	objects, err := kube.Decode(manifest)
	if err != nil {
		return nil, err
	}
	return objects[0], nil
}

// withoutPolicy removes the policy, whatever happened meanwhile.
func (t trial) withoutPolicy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoreBound)
	defer cancel()
	policy, err := t.policy("STRICT")
	if err != nil {
		return err
	}
	return t.Fleet.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		made, err := cluster.Client.Get(ctx, kube.RefOf(policy))
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err != nil:
			return err
		case kube.RunOf(made) != t.Own.Run:
			return nil // not ours: setPolicy refused to touch it
		}
		if err := cluster.Client.Delete(ctx, kube.RefOf(made)); err != nil {
			return err
		}
		return cluster.Client.AwaitGone(ctx, kube.RefOf(made), t.Bounds)
	})
}
