package verdict

import (
	"math"
	"strings"
	"testing"
)

// blocks makes whole blocks with so many failures each; those not named have none.
func blocks(c Comparison, stage Stage, failed ...int) []Block {
	made := make([]Block, c.BlocksOf(stage))
	for i := range made {
		made[i].Sent = c.CallsPerBlock
		if i < len(failed) {
			made[i].Failed = failed[i]
		}
	}
	return made
}

// times repeats a number.
func times(n, failed int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = failed
	}
	return all
}

func TestJudgeComparison(t *testing.T) {
	rows := []struct {
		name           string
		stage          Stage
		baseline, cell []int
		want           Relation
		again          bool
	}{
		{name: "nothing fails", stage: StageOne, want: NoWorse},
		{name: "one failure decides nothing", stage: StageOne, cell: []int{1}, want: CouldNotTell, again: true},
		{name: "a burst counts once", stage: StageOne, cell: []int{48}, want: CouldNotTell, again: true},
		{name: "25 worse blocks are too few", stage: StageOne, cell: times(25, 1), want: CouldNotTell, again: true},
		{name: "26 worse blocks", stage: StageOne, cell: times(26, 1), want: Worse},
		{name: "26 worse blocks and a better one", stage: StageOne, baseline: append(times(26, 0), 1), cell: times(26, 1), want: CouldNotTell, again: true},
		{name: "29 worse blocks and a better one", stage: StageTwo, baseline: append(times(29, 0), 1), cell: times(29, 1), want: CouldNotTell},
		{name: "30 worse blocks and a better one", stage: StageTwo, baseline: append(times(30, 0), 1), cell: times(30, 1), want: Worse},
		{name: "equal blocks count for nothing", stage: StageOne, baseline: append(times(26, 0), 5, 5, 5, 5), cell: append(times(26, 1), 5, 5, 5, 5), want: Worse},
		{name: "a dead cell", stage: StageOne, cell: times(30, 48), want: Worse},
		{name: "a better cell is no worse", stage: StageOne, baseline: times(30, 3), want: NoWorse},
		{name: "25 worse blocks in stage two", stage: StageTwo, cell: times(25, 1), want: CouldNotTell},
		{name: "26 worse blocks in stage two", stage: StageTwo, cell: times(26, 1), want: Worse},
		{name: "few failures in stage two", stage: StageTwo, cell: times(11, 1), want: NoWorse},
		{name: "one more", stage: StageTwo, cell: times(12, 1), want: CouldNotTell},
		{name: "as many of the baseline", stage: StageTwo, baseline: times(12, 1), cell: times(12, 1), want: NoWorse},
		{name: "a dead baseline", stage: StageOne, baseline: times(30, 24), cell: times(30, 24), want: CouldNotTell},
		{name: "a baseline of which both lose nearly half", stage: StageOne, baseline: times(30, 23), cell: times(30, 23), want: CouldNotTell, again: true},
	}
	c := SizeComparison(24, Standard)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := c.Judge(blocks(c, row.stage, row.baseline...), blocks(c, row.stage, row.cell...), row.stage)
			if got.Relation != row.want || got.Again != row.again || len(got.Reasons) == 0 {
				t.Errorf("want %s (again %t), got %+v", row.want, row.again, got)
			}
		})
	}
}

func TestJudgeComparisonUnsound(t *testing.T) {
	c := SizeComparison(2, Small)
	whole := func() []Block { return blocks(c, StageOne) }
	rows := []struct {
		name   string
		change func(baseline, cell []Block) ([]Block, []Block)
		stage  Stage
		want   string
	}{
		{"a block of the cell is missing", func(b, v []Block) ([]Block, []Block) { return b, v[1:] }, StageOne, "the cell has 29 blocks, want 30"},
		{"a block of the baseline is missing", func(b, v []Block) ([]Block, []Block) { return b[1:], v }, StageOne, "the baseline has 29 blocks, want 30"},
		{"stage two with the blocks of stage one", func(b, v []Block) ([]Block, []Block) { return b, v }, StageTwo, "want 120"},
		{"a call is missing", func(b, v []Block) ([]Block, []Block) { v[3].Sent--; return b, v }, StageOne, "the cell sent 11 calls in block 4"},
		{"a call too many", func(b, v []Block) ([]Block, []Block) { b[0].Sent++; return b, v }, StageOne, "the baseline sent 13 calls in block 1"},
		{"more failures than calls", func(b, v []Block) ([]Block, []Block) { v[0].Failed = 13; return b, v }, StageOne, "of which 13 failed"},
		{"fewer than none", func(b, v []Block) ([]Block, []Block) { v[0].Failed = -1; return b, v }, StageOne, "of which -1 failed"},
		{"no such stage", func(b, v []Block) ([]Block, []Block) { return b, v }, 3, "no stage 3"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b, v := row.change(whole(), whole())
			got := c.Judge(b, v, row.stage)
			if got.Relation != CouldNotTell || got.Again || !strings.Contains(strings.Join(got.Reasons, "; "), row.want) {
				t.Errorf("want %q, got %+v", row.want, got)
			}
		})
	}
	if got := (Comparison{}).Judge(nil, nil, StageOne); got.Relation != CouldNotTell {
		t.Errorf("an impossible comparison: %+v", got)
	}
}

func TestCompared(t *testing.T) {
	c := SizeComparison(24, Standard)
	got := c.Judge(blocks(c, StageOne, 2, 0, 1), blocks(c, StageOne, 1, 3, 1), StageOne)
	if got.WorseBlocks != 1 || got.BetterBlocks != 1 || got.Cell != (Block{1440, 5}) || got.Baseline != (Block{1440, 3}) || got.Chance != 0.75 {
		t.Errorf("got %+v", got)
	}
	if !(got.Upper > 0.005 && got.Upper < 0.02 && got.UpperBlocks > 0.2 && got.UpperBlocks < 0.4) {
		t.Errorf("bounds %v and %v", got.Upper, got.UpperBlocks)
	}
}

// The bounds are those of Clopper and Pearson: at the bound, the tail has just that chance.
func TestLossBounds(t *testing.T) {
	for _, failed := range []int{0, 1, 7, 100, 1439, 1440} {
		for _, chance := range []float64{0.05, 1e-3, 1e-5} {
			b := Block{Sent: 1440, Failed: failed}
			low, high := lowerLoss(b, chance), upperLoss(b, chance)
			if failed > 0 {
				near(t, "lower", (tail{calls: b.Sent, part: low}).above(failed-1), chance)
			} else if low != 0 {
				t.Errorf("nothing failed, at least %v lost", low)
			}
			if failed < b.Sent {
				near(t, "upper", (tail{calls: b.Sent, part: high}).below(failed+1), chance)
			} else if high != 1 {
				t.Errorf("all failed, at most %v lost", high)
			}
		}
	}
	if got, want := upperLoss(Block{Sent: 1440}, 1e-3), -math.Expm1(math.Log(1e-3)/1440); math.Abs(got-want) > 1e-12 {
		t.Errorf("no failure: bound %v, want %v", got, want)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got/want-1) > 1e-6 {
		t.Errorf("%s bound: the tail beyond has %v, want %v", what, got, want)
	}
}

// How likely a true loss is called worse, and how likely it shows no failure in stage one.
func TestPowerOfComparison(t *testing.T) {
	c := SizeComparison(24, Standard)
	rows := []struct {
		loss, shows, one, two, none float64
	}{
		{0.05, 0.92, 0.89, 1, 0},
		{0.03, 0.77, 0.14, 1, 0},
		{0.02, 0.62, 0.003, 1, 0},
		{0.01, 0.38, 0, 1, 5e-7},
		{0.005, 0.21, 0, 0.51, 7e-4},
	}
	for _, row := range rows {
		shows := 1 - math.Pow(1-row.loss, float64(c.CallsPerBlock))
		worse := func(stage Stage) float64 {
			return tail{calls: c.BlocksOf(stage), part: shows}.above(c.WorseBlocks() - 1)
		}
		none := math.Pow(1-row.loss, float64(c.Calls(StageOne)))
		for _, p := range []struct {
			what             string
			got, want, apart float64
		}{
			{"shows in a block", shows, row.shows, 0.006},
			{"worse in stage one", worse(StageOne), row.one, 0.006},
			{"worse by stage two", worse(StageTwo), row.two, 0.006},
			{"no failure in stage one", none, row.none, 5e-5},
		} {
			if math.Abs(p.got-p.want) > p.apart {
				t.Errorf("loss %v: %s %.4g, want %g", row.loss, p.what, p.got, p.want)
			}
		}
	}
}
