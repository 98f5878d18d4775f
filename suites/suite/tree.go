package suite

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
)

// The bounds of specs. They are far above the bounds of the waits inside, which
// tell what was waited for; these only catch what has no bound of its own.
const (
	stepBound    = 20 * time.Minute
	cleanupBound = 20 * time.Minute
)

// register makes the suite's tree for an open run. It reads as a table of
// contents: the steps of the plan, the scenarios, the clean-up.
//
// The container is Ordered because each spec stands on the one before: a step
// on the earlier steps, a scenario on all of them, the clean-up on everything.
// Making a mesh anew for each spec would cost half a minute each. It continues
// on failure because scenarios restore what they change and do not need each
// other; what does need a failed step is skipped with that reason.
func (s Suite) register(running context.Context, r *run.Run) bool {
	return Describe("multi-cluster mesh", Ordered, ContinueOnFailure, func() {
		Context("the guide", func() {
			for _, step := range r.Steps() {
				It(step.Title, SpecTimeout(stepBound), func(ctx SpecContext) {
					expectPassed(r.Step(joined(running, ctx), step))
				})
			}
		})
		Context("scenarios", func() {
			for _, scenario := range s.Scenarios {
				It(scenario.Promise, Label(scenario.ID), SpecTimeout(scenarioBound(scenario)), func(ctx SpecContext) {
					expectPassed(r.Scenario(joined(running, ctx), scenario))
				})
			}
		})
		It("leaves the clusters as they were", SpecTimeout(cleanupBound), func(ctx SpecContext) {
			expectPassed(r.Cleanup(joined(running, ctx)))
		})
	})
}

func scenarioBound(scenario run.Scenario) time.Duration { return scenario.Bound + stepBound }

// expectPassed turns a case of the report into the spec's result: the report,
// not the test framework, holds what happened.
func expectPassed(c report.Case) {
	GinkgoHelper()
	switch c.Status {
	case report.Skipped, report.Unsupported:
		Skip(c.Message)
	case report.Accepted:
		Skip("failed, accepted " + c.Accepted + ": " + c.Message)
	case report.Passed, report.Failed, report.Errored: // judged below
	}
	Expect(c.Status).To(Equal(report.Passed), c.Message)
}

// joined is the spec's context, ended too, with the cause, when the run is
// interrupted or loses its lock.
func joined(running context.Context, spec SpecContext) context.Context {
	ctx, cancel := context.WithCancelCause(spec)
	stop := context.AfterFunc(running, func() { cancel(context.Cause(running)) })
	DeferCleanup(func() { stop(); cancel(nil) })
	return ctx
}
