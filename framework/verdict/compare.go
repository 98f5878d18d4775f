package verdict

import "fmt"

// Relation is a cell's to the baseline.
type Relation string

// The relations. CouldNotTell is of a cell that is neither shown to be worse nor shown to be
// no worse.
const (
	NoWorse      Relation = "no worse"
	Worse        Relation = "worse"
	CouldNotTell Relation = "could not tell"
)

// deadBaseline is the part of the baseline's calls that must be answered: nothing is worse
// than a baseline that fails.
const deadBaseline = 0.5

// Block is what one cell did in one block.
type Block struct {
	Sent   int `json:"sent"`
	Failed int `json:"failed"`
}

// Compared is the judgement of one cell in one stage, with the numbers that it rests on.
type Compared struct {
	Relation Relation `json:"relation"`
	Stage    Stage    `json:"stage"`
	Reasons  []string `json:"reasons"`
	// Again is true where stage one could not tell, and stage two is to be made.
	Again    bool  `json:"again,omitempty"`
	Cell     Block `json:"cell"` // the sums of all blocks
	Baseline Block `json:"baseline"`
	// WorseBlocks are those in which the cell failed more often than the baseline, BetterBlocks
	// those in which it failed less often.
	WorseBlocks  int `json:"worseBlocks"`
	BetterBlocks int `json:"betterBlocks"`
	// Chance is that of so many worse blocks, or more, of a cell as good as the baseline; it
	// is called worse where that is at most Allowed.
	Chance  float64 `json:"chance"`
	Allowed float64 `json:"allowed"`
	// Upper bounds the cell's loss beyond the baseline's, as a part of 1, if calls fail
	// independently of each other; it is called no worse where that is below the margin.
	Upper float64 `json:"upper"`
	// UpperBlocks bounds the part of the blocks in which the cell fails more often than the
	// baseline, with nothing assumed of the calls in a block.
	UpperBlocks float64 `json:"upperBlocks"`
}

// Judge compares a cell with the baseline, block by block.
//
// Worse rests on the blocks alone: their signs, in a sign test. A burst of failures counts
// once, however many calls it took, and noise that both meet counts for nothing. No worse
// rests on the calls, by exact binomial bounds of both losses, and assumes that calls fail
// independently; UpperBlocks says what is known without that.
//
// It cannot tell where a block is missing or not whole, and where the baseline itself is
// mostly dead.
func (c Comparison) Judge(baseline, cell []Block, stage Stage) Compared {
	v := Compared{Relation: CouldNotTell, Stage: stage, Cell: sum(cell), Baseline: sum(baseline)}
	if doubts := c.doubts(baseline, cell, stage); len(doubts) > 0 {
		v.Reasons = doubts
		return v
	}
	for i := range cell {
		switch {
		case cell[i].Failed > baseline[i].Failed:
			v.WorseBlocks++
		case cell[i].Failed < baseline[i].Failed:
			v.BetterBlocks++
		}
	}
	differ := tail{calls: v.WorseBlocks + v.BetterBlocks, part: 0.5}
	v.Chance, v.Allowed = differ.above(v.WorseBlocks-1), c.worseBudget()
	budget := c.noWorseBudget(stage)
	v.Upper = max(0, upperLoss(v.Cell, budget*cellPart)-lowerLoss(v.Baseline, budget*(1-cellPart)))
	v.UpperBlocks = upperLoss(Block{Sent: len(cell), Failed: v.WorseBlocks}, budget)
	switch {
	case v.Chance <= v.Allowed:
		v.Relation = Worse
	case v.Upper < c.Margin:
		v.Relation = NoWorse
	default:
		v.Again = stage == StageOne
	}
	v.Reasons = c.reasons(v)
	return v
}

// doubts lists why the blocks cannot be compared.
func (c Comparison) doubts(baseline, cell []Block, stage Stage) []string {
	if err := c.Check(); err != nil {
		return []string{err.Error()}
	}
	if stage != StageOne && stage != StageTwo {
		return []string{fmt.Sprintf("there is no stage %d", stage)}
	}
	var why []string
	for _, arm := range []struct {
		name   string
		blocks []Block
	}{{"the cell", cell}, {"the baseline", baseline}} {
		if want := c.BlocksOf(stage); len(arm.blocks) != want {
			why = append(why, fmt.Sprintf("%s has %d blocks, want %d", arm.name, len(arm.blocks), want))
		}
		for i, b := range arm.blocks {
			if b.Sent != c.CallsPerBlock || b.Failed < 0 || b.Failed > b.Sent {
				why = append(why, fmt.Sprintf("%s sent %d calls in block %d, of which %d failed: want %d calls", arm.name, b.Sent, i+1, b.Failed, c.CallsPerBlock))
			}
		}
	}
	if all := sum(baseline); len(why) == 0 && float64(all.Failed) >= deadBaseline*float64(all.Sent) {
		why = append(why, fmt.Sprintf("the baseline itself failed %d of %d calls: nothing can be compared with it", all.Failed, all.Sent))
	}
	return why
}

// reasons are the parts of a sentence that says what the judgement rests on.
func (c Comparison) reasons(v Compared) []string {
	counts := fmt.Sprintf("%d of %d calls failed, of the baseline's %d of %d", v.Cell.Failed, v.Cell.Sent, v.Baseline.Failed, v.Baseline.Sent)
	blocks := fmt.Sprintf("it failed more often than the baseline in %d of %d blocks, less often in %d", v.WorseBlocks, c.BlocksOf(v.Stage), v.BetterBlocks)
	switch v.Relation {
	case Worse:
		return []string{counts, blocks, fmt.Sprintf("by chance that happens once in %.2g times", 1/v.Chance)}
	case NoWorse:
		return []string{counts, fmt.Sprintf("it loses less than %s more than the baseline", percent(c.Margin))}
	default:
		return []string{counts, blocks, fmt.Sprintf("it may lose up to %s more than the baseline, want less than %s", percent(v.Upper), percent(c.Margin))}
	}
}

func sum(blocks []Block) Block {
	var all Block
	for _, b := range blocks {
		all.Sent, all.Failed = all.Sent+b.Sent, all.Failed+b.Failed
	}
	return all
}

// upperLoss and lowerLoss are the one-sided bounds of Clopper and Pearson: the true loss is
// beyond with at most that chance.
func upperLoss(b Block, chance float64) float64 {
	return 1 - lowerLoss(Block{Sent: b.Sent, Failed: b.Sent - b.Failed}, chance)
}

func lowerLoss(b Block, chance float64) float64 {
	if b.Failed == 0 {
		return 0
	}
	// The chance of so many failures or more grows with the loss; what is left of 1e-16
	// after so many halvings errs to the safe side.
	low, high := 0.0, 1.0
	for range 53 {
		middle := (low + high) / 2
		if (tail{calls: b.Sent, part: middle}).above(b.Failed-1) <= chance {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
