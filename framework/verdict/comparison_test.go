package verdict

import (
	"math"
	"strings"
	"testing"
)

// The sizes and budgets of a comparison, by the number of cells.
func TestComparisonSizes(t *testing.T) {
	rows := []struct {
		cells, need int
		budget      float64
	}{{24, 26, 2.1e-8}, {60, 27, 8.3e-9}, {112, 28, 4.5e-9}, {264, 29, 1.9e-9}, {536, 30, 9.3e-10}}
	for _, row := range rows {
		c := SizeComparison(row.cells, Standard)
		if err := c.Check(); err != nil {
			t.Error(err)
		}
		if got := c.WorseBlocks(); got != row.need {
			t.Errorf("%d cells: %d blocks needed, want %d", row.cells, got, row.need)
		}
		if got := c.worseBudget(); math.Abs(got/row.budget-1) > 0.02 {
			t.Errorf("%d cells: %.3g for a cell and stage, want %g", row.cells, got, row.budget)
		}
		if total := c.worseBudget() * float64(2*row.cells); math.Abs(total-c.FalseWorse) > 1e-18 {
			t.Errorf("%d cells: the run spends %g, want %g", row.cells, total, c.FalseWorse)
		}
		if c.Calls(StageOne) != 1440 || c.Calls(StageTwo) != 4*1440 || c.BlocksOf(StageTwo) != 120 {
			t.Errorf("%d cells: %d and %d calls, %d blocks in stage two", row.cells, c.Calls(StageOne), c.Calls(StageTwo), c.BlocksOf(StageTwo))
		}
	}
}

func TestComparisonGrowsWithItsCells(t *testing.T) {
	for _, cells := range []int{537, 5000} {
		c := SizeComparison(cells, Small)
		if err := c.Check(); err != nil {
			t.Error(err)
		}
		if c.Blocks <= 30 {
			t.Errorf("%d cells: %d blocks", cells, c.Blocks)
		}
	}
}

func TestSmallComparison(t *testing.T) {
	c := SizeComparison(24, Small)
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if c.Margin != 0.02 || c.Calls(StageOne) != 360 {
		t.Errorf("margin %v with %d calls", c.Margin, c.Calls(StageOne))
	}
}

func TestCallsWithoutFailure(t *testing.T) {
	for loss, want := range map[float64]int{0.02: 342, 0.005: 1379, 0.0025: 2760, 0.001: 6905} {
		n := callsWithoutFailure(1e-3, loss)
		if n != want {
			t.Errorf("loss %v: %d calls, want %d", loss, n, want)
		}
		if math.Pow(1-loss, float64(n)) > 1e-3 || math.Pow(1-loss, float64(n-1)) <= 1e-3 {
			t.Errorf("loss %v: %d is not the least number", loss, n)
		}
	}
}

// What both stages may spend on a false "no worse" is what was promised, to the last part.
func TestNoWorseBudget(t *testing.T) {
	c := SizeComparison(24, Standard)
	if total := c.noWorseBudget(StageOne) + c.noWorseBudget(StageTwo); math.Abs(total-c.FalseNoWorse) > 1e-18 {
		t.Errorf("both stages spend %v, want %v", total, c.FalseNoWorse)
	}
}

func TestComparisonCheck(t *testing.T) {
	good := SizeComparison(24, Standard)
	rows := []struct {
		change func(*Comparison)
		want   string
	}{
		{func(*Comparison) {}, ""},
		{func(c *Comparison) { c.Cells = 0 }, "0 cells"},
		{func(c *Comparison) { c.Blocks = -1 }, "-1 blocks"},
		{func(c *Comparison) { c.CallsPerBlock = 0 }, "0 calls a block"},
		{func(c *Comparison) { c.Margin = 0 }, "margin 0"},
		{func(c *Comparison) { c.Margin = math.NaN() }, "margin NaN"},
		{func(c *Comparison) { c.FalseWorse = 1 }, "false worse 1"},
		{func(c *Comparison) { c.FalseNoWorse = -1 }, "false no worse -1"},
		{func(c *Comparison) { c.Blocks, c.CallsPerBlock = 26, 56 }, ""},
		{func(c *Comparison) { c.Blocks, c.CallsPerBlock = 25, 60 }, "want at least 26"},
		{func(c *Comparison) { c.Blocks, c.CallsPerBlock = 1432, 1 }, ""},
		{func(c *Comparison) { c.Blocks, c.CallsPerBlock = 1431, 1 }, "want at least 1432"},
	}
	for i, row := range rows {
		c := good
		row.change(&c)
		err := c.Check()
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("row %d: %v, want %q", i, err, row.want)
		}
	}
	several := Comparison{Cells: 1, Blocks: 0, CallsPerBlock: 0, Margin: 0.1, FalseWorse: 2, FalseNoWorse: 0.1}
	if err := several.Check(); strings.Count(err.Error(), "want") != 3 {
		t.Errorf("want all three mistakes at once: %v", err)
	}
}
