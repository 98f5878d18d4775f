package verdict

import (
	"errors"
	"fmt"
	"math"
)

// Comparison is how cells are compared with a baseline: whether their calls fail more often
// than the baseline's. It is fixed before the first call.
//
// Calls are made in blocks. In each block every cell and the baseline make the same number of
// calls, in an order drawn anew, so that what disturbs the clusters for a while hits all
// alike. A cell that stage one cannot tell of is called again in stage two, by itself: more
// calls, judged without those of stage one.
type Comparison struct {
	Cells         int `json:"cells"`  // compared in the run, without the baseline
	Blocks        int `json:"blocks"` // of stage one
	CallsPerBlock int `json:"callsPerBlock"`
	// Margin is the loss beyond the baseline's, as a part of 1, that is told from none.
	Margin float64 `json:"margin"`
	// FalseWorse bounds the chance that a run calls any cell worse though all are as good as
	// the baseline. FalseNoWorse bounds the chance that a cell which loses Margin more than
	// the baseline is called no worse; a run needs every cell to be no worse, so it bounds
	// that of the run, too.
	FalseWorse   float64 `json:"falseWorse"`
	FalseNoWorse float64 `json:"falseNoWorse"`
}

// Stage is the first or the second sample of a cell.
type Stage int

// The stages.
const (
	StageOne Stage = 1
	StageTwo Stage = 2
)

// stageTwoFactor is how many times the blocks of stage one the second stage has: with 4 times
// 30 blocks of 48 calls, a loss of 1 % never slips through as undecided.
const stageTwoFactor = 4

// How FalseNoWorse is spent: most of it in stage one, which then needs few calls where
// nothing fails; and within a stage, most on the cell's bound and the rest on the baseline's.
const (
	stageOnePart = 0.85
	cellPart     = 0.9
)

// Extent is how much a comparison is worth.
type Extent string

// The extents. Small finds a loss of 2 %, for rehearsals; Standard one of 0.5 %.
const (
	Small    Extent = "small"
	Standard Extent = "standard"
)

// SizeComparison gives the comparison of so many cells. Thirty blocks let each of up to 536
// cells be called worse in stage one, more cells need more; the calls of a block are the
// fewest with which a cell that never fails is called no worse in stage one.
func SizeComparison(cells int, extent Extent) Comparison {
	c := Comparison{Cells: cells, Blocks: 30, CallsPerBlock: 48, Margin: 0.005, FalseWorse: 1e-6, FalseNoWorse: 1e-3}
	if extent == Small {
		c.CallsPerBlock, c.Margin = 12, 0.02
	}
	c.Blocks = max(c.Blocks, c.WorseBlocks())
	return c
}

// Check reports everything for which the comparison could never call a cell worse or no worse.
func (c Comparison) Check() error {
	if err := errors.Join(
		positive("cells", c.Cells), positive("blocks", c.Blocks), positive("calls a block", c.CallsPerBlock),
		part("margin", c.Margin), part("chance of a false worse", c.FalseWorse), part("chance of a false no worse", c.FalseNoWorse),
	); err != nil {
		return fmt.Errorf("comparison: %w", err)
	}
	var errs []error
	if need := c.WorseBlocks(); need > c.Blocks {
		errs = append(errs, fmt.Errorf("%d blocks: want at least %d, or a cell could never be called worse", c.Blocks, need))
	}
	if need := callsWithoutFailure(c.noWorseBudget(StageOne)*cellPart, c.Margin); need > c.Calls(StageOne) {
		errs = append(errs, fmt.Errorf("%d calls a cell: want at least %d, or a cell that never fails could not be called no worse than by %s", c.Calls(StageOne), need, percent(c.Margin)))
	}
	if len(errs) > 0 {
		return fmt.Errorf("comparison: %w", errors.Join(errs...))
	}
	return nil
}

func positive(what string, n int) error {
	if n < 1 {
		return fmt.Errorf("%d %s: want at least 1", n, what)
	}
	return nil
}

func part(what string, p float64) error {
	if !(p > 0 && p < 1) { // also refuses NaN
		return fmt.Errorf("%s %v: want more than 0, less than 1", what, p)
	}
	return nil
}

// BlocksOf is the number of blocks of a stage.
func (c Comparison) BlocksOf(stage Stage) int {
	if stage == StageTwo {
		return stageTwoFactor * c.Blocks
	}
	return c.Blocks
}

// Calls is the number of calls that each cell, and the baseline, makes in a stage.
func (c Comparison) Calls(stage Stage) int { return c.BlocksOf(stage) * c.CallsPerBlock }

// WorseBlocks is the least number of blocks in which a cell must fail more often than the
// baseline to be called worse, where it fails less often in none.
func (c Comparison) WorseBlocks() int {
	return int(math.Ceil(math.Log2(1 / c.worseBudget())))
}

// worseBudget is what each cell may spend in each stage on being called worse by chance.
func (c Comparison) worseBudget() float64 { return c.FalseWorse / float64(2*c.Cells) }

// noWorseBudget is what a cell may spend in a stage on being called no worse by chance.
func (c Comparison) noWorseBudget(stage Stage) float64 {
	if stage == StageTwo {
		return c.FalseNoWorse * (1 - stageOnePart)
	}
	return c.FalseNoWorse * stageOnePart
}

// callsWithoutFailure is the least number of calls, none of which failed, after which a loss
// of that size has at most that chance.
func callsWithoutFailure(chance, loss float64) int {
	return int(math.Ceil(math.Log(chance) / math.Log1p(-loss)))
}
