package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// A clean call ends in less than slowest: below the 10 s connect timeout of a
// proxy, behind which a retry hides a dead endpoint.
const slowest = 5 * time.Second

// leastCalls is the size of a sample where the statistics would be content
// with fewer: with one version expected, a single call.
const leastCalls = 20

// expect is what one source cluster is to see.
type expect struct {
	source *fleet.Cluster
	// versions answer, each as often as the others.
	versions []string
	// sources is how many clusters take a sample in the same check.
	sources int
}

// samples measures every source in parallel and joins what is wrong, in the
// order of the clusters' names.
func (t trial) samples(ctx context.Context) error {
	return t.Fleet.ForEach(ctx, func(ctx context.Context, source *fleet.Cluster) error {
		return t.sample(ctx, expect{source: source, versions: t.versions(), sources: len(t.Fleet.Clusters)})
	})
}

// sample is the two phases: converge, bounded; then one batch, of a size fixed
// before its first call, judged whatever it holds.
func (t trial) sample(ctx context.Context, want expect) error {
	groups := groups(t.Fleet, want.source, want.versions)
	expectation := verdict.Expectation{Shares: sharesOf(groups), Sources: want.sources, ErrorProbability: t.ErrorProbability}
	size, err := verdict.SampleSize(expectation)
	if err != nil {
		return err
	}
	size = max(size, leastCalls)
	goal := probe.AnyOfEach(groups, t.batch(0))
	goal.Bound = t.Bounds.Converge
	from := t.sleep(want.source)
	converged, late := probe.Converge(ctx, from, goal)
	if err := ctx.Err(); err != nil {
		return err
	}
	// A mesh that did not converge is measured too: the histogram says how it fails.
	calls, err := probe.Measure(ctx, from, t.batch(size))
	if err != nil {
		return fmt.Errorf("sample from cluster %q: %w", want.source.Name, errors.Join(err, late))
	}
	taken := report.Sample{
		Source: want.source.Name, URL: workload.URL(t.Namespace), Size: size, Converge: converged,
		Calls: reported(calls), Verdict: t.judge(ctx, expectation, calls),
	}
	if missing := unseen(taken.Verdict.Counts, groups); len(missing) > 0 {
		t.Note("from cluster %s no call was answered by %s: clusters that share a network are reached over the same gateways, whose connections stay with one pod, so their versions count together",
			want.source.Name, strings.Join(missing, " and "))
	}
	if late != nil {
		blameLateness(&taken.Verdict, late)
	}
	t.Keep(taken)
	return errorOf(taken)
}

// judge adds to the statistical verdict what it cannot see: stalls, and an
// instance that is not a pod of the version it says it is.
func (t trial) judge(ctx context.Context, expectation verdict.Expectation, calls []probe.Call) verdict.Verdict {
	judged := verdict.Judge(expectation, verdict.Tally(answers(calls)))
	wrong := stalls(calls)
	owners, err := t.instances(ctx)
	if err != nil {
		t.Note("instances were not checked against pods: %v", err)
	} else {
		wrong = append(wrong, impostors(calls, owners)...)
	}
	if len(wrong) == 0 || judged.Outcome == verdict.Inconclusive {
		return judged
	}
	if judged.Outcome == verdict.Conformant {
		judged.Reasons = nil // they said that all is well
	}
	judged.Outcome = verdict.NonConformant
	judged.Reasons = append(judged.Reasons, wrong...)
	return judged
}

// blameLateness: a sample that looks sound although the mesh did not converge
// in time proves nothing about the mesh.
func blameLateness(judged *verdict.Verdict, late error) {
	if judged.Outcome != verdict.Conformant {
		return
	}
	judged.Outcome = verdict.Inconclusive
	judged.Reasons = []string{"the sample is as promised, but the mesh did not converge before: " + late.Error()}
}

// errorOf turns a sample's verdict into the scenario's error.
func errorOf(taken report.Sample) error {
	var reasons []string
	for _, reason := range taken.Verdict.Reasons {
		reasons = append(reasons, fmt.Sprintf("from cluster %q: %s", taken.Source, reason))
	}
	switch taken.Verdict.Outcome {
	case verdict.Conformant:
		return nil
	case verdict.NonConformant:
		return run.Violated(reasons...)
	default:
		return fmt.Errorf("the sample is inconclusive: %w", errors.New((&run.Violation{Reasons: reasons}).Error()))
	}
}

func stalls(calls []probe.Call) []string {
	slow, longest := 0, time.Duration(0)
	for _, call := range calls {
		if call.Latency >= slowest {
			slow++
		}
		longest = max(longest, call.Latency)
	}
	if slow == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d calls took %s or longer (up to %s): a retry may hide an endpoint that cannot be reached",
		slow, len(calls), slowest, longest.Round(time.Millisecond))}
}

// impostors finds answers whose instance is not a pod of the version's cluster.
func impostors(calls []probe.Call, owners map[string]string) []string {
	count, example := 0, ""
	for _, call := range calls {
		if call.Good() && owners[call.Instance] != call.Version {
			count++
			example = call.Version + " from " + call.Instance
		}
	}
	if count == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d answers name an instance that is not a pod of that version's cluster, such as %s", count, example)}
}

func answers(calls []probe.Call) []verdict.Answer {
	out := make([]verdict.Answer, len(calls))
	for i, call := range calls {
		out[i] = verdict.Answer{Status: call.Status, Version: call.Version, Unsound: call.Unsound}
	}
	return out
}

func reported(calls []probe.Call) []report.Call {
	out := make([]report.Call, len(calls))
	for i, call := range calls {
		out[i] = report.Call{
			Status: call.Status, Version: call.Version, Instance: call.Instance, Latency: call.Latency, Error: call.Err,
		}
	}
	return out
}
