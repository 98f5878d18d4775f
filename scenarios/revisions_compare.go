package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// phase is when the cells are called.
type phase int

// The phases: with both revisions, and when the new one's workloads are back on the old one.
const (
	mixed phase = iota
	back
)

// comparison is one phase of a run that compares two revisions.
type comparison struct {
	trial
	phase phase
	// deadline is when calls end; zero for never.
	deadline time.Time
	callers  map[revisions.Side]kube.Target
	// addresses are those of services in the source's cluster, with the port.
	addresses map[revisions.Cell]string
	// pods are all that run, by cluster and name; wrong says of a side whose pods are not what
	// they should be.
	pods  map[string]armPod
	wrong map[revisions.Side][]string
	// before are those of the callers' proxies before the first call that is measured.
	before map[revisions.Cell]counters
}

func newComparison(t trial, p phase) *comparison {
	c := &comparison{trial: t, phase: p}
	if t.Comparing != nil && t.Comparing.Asked.MaxDuration > 0 {
		c.deadline = time.Now().Add(t.Comparing.Asked.MaxDuration)
	}
	return c
}

// run is the two phases of every sound measurement: converge, bounded; then calls of a number
// that was fixed before the first. Cells that the first stage cannot tell of are called again,
// more often, and judged by these calls alone.
func (c *comparison) run(ctx context.Context) error {
	if c.Comparing == nil {
		return errNothingCompared
	}
	if err := c.find(ctx); err != nil {
		return err
	}
	converged := c.converge(ctx)
	var err error
	if c.before, err = c.readCounters(ctx); err != nil {
		return err
	}
	start := time.Now()
	first := c.measure(ctx, c.Comparing.Cells, verdict.StageOne)
	shown, err := c.shown(ctx, first)
	if err != nil {
		return err
	}
	outcomes := judgeAll(c.Comparing.Design, verdict.StageOne, first, shown)
	if second := c.again(ctx, outcomes); len(second) > 0 {
		if shown, err = c.shown(ctx, second); err != nil {
			return err
		}
		for cell, outcome := range judgeAll(c.Comparing.Design, verdict.StageTwo, second, shown) {
			if outcomes[cell].Again {
				c.Note("%s: stage one could not tell: %d of %d calls failed: %v", c.name(cell), first[cell].Failed(), first[cell].Sent(), few(first[cell].Errors))
				outcomes[cell], first[cell] = outcome, second[cell]
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	compared := c.report(first, outcomes)
	compared.Converge, compared.Measure = converged, time.Since(start)
	c.KeepCompared(compared)
	return c.conclude(compared)
}

// measurements are by cell.
type measurements map[revisions.Cell]revisions.Measured

// judgeAll compares every cell that was measured with its baseline.
func judgeAll(design verdict.Comparison, stage verdict.Stage, all measurements, shown revisions.Shown) map[revisions.Cell]revisions.Outcome {
	outcomes := map[revisions.Cell]revisions.Outcome{}
	for cell, measured := range all {
		outcomes[cell] = revisions.Judge(design, stage, all[cell.Baseline()], measured, shown)
	}
	return outcomes
}

// again makes the second stage: the cells that the first could not tell of, and their baselines.
func (c *comparison) again(ctx context.Context, outcomes map[revisions.Cell]revisions.Outcome) measurements {
	wanted := map[revisions.Cell]bool{}
	for cell, outcome := range outcomes {
		if outcome.Again {
			wanted[cell], wanted[cell.Baseline()] = true, true
		}
	}
	var cells []revisions.Cell
	for _, cell := range c.Comparing.Cells {
		if wanted[cell] {
			cells = append(cells, cell)
		}
	}
	if len(cells) == 0 {
		return nil
	}
	c.Tell(fmt.Sprintf("%d cells are called again, %d times each: the first stage could not tell", len(cells), c.Comparing.Design.Calls(verdict.StageTwo)))
	return c.measure(ctx, cells, verdict.StageTwo)
}

// conclude turns the cells into the scenario's result.
func (c *comparison) conclude(compared report.Compared) error {
	if broken := report.Broken(compared); len(broken) > 0 {
		return run.Violated(broken...)
	}
	if doubts := report.Doubts(compared); len(doubts) > 0 {
		return errors.New(strings.Join(doubts, "; "))
	}
	return nil
}
