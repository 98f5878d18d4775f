package revisions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// Measured is how the calls of a cell went in one stage.
type Measured struct {
	Cell   Cell
	Blocks []verdict.Block
	// Lost are calls of which the probe does not know what became; they are in no block.
	Lost int
	// Answers are good answers by the cluster that gave them, Pods by the pod.
	Answers, Pods map[string]int
	// Errors are the other calls by what they said, and Causes those that name why a proxy did
	// not pass them on.
	Errors, Causes map[string]int
	// Clusters are those in which the service runs.
	Clusters []string
}

// Sent and Failed are the sums of all blocks.
func (m Measured) Sent() int {
	sent := 0
	for _, b := range m.Blocks {
		sent += b.Sent
	}
	return sent
}

// Failed is the number of calls without a good answer.
func (m Measured) Failed() int {
	failed := 0
	for _, b := range m.Blocks {
		failed += b.Failed
	}
	return failed
}

// Outcome is what became of a cell.
type Outcome struct {
	verdict.Compared
	// Baseline is true for a cell that others are compared with.
	Baseline bool
	// Why says in sentences what the relation rests on.
	Why []string
}

// Shown says why a cell is not shown to have been taken as it is named; empty where it is.
type Shown map[Cell][]string

// Judge compares a cell with its baseline. A cell that is not shown to have been taken is
// neither worse nor no worse, and nothing is compared with a baseline that is not sound. Where
// the probe lost calls the first stage cannot tell, and the second begins anew.
func Judge(design verdict.Comparison, stage verdict.Stage, baseline, cell Measured, shown Shown) Outcome {
	o := Outcome{Compared: design.Judge(baseline.Blocks, cell.Blocks, stage), Baseline: cell.Cell.IsBaseline()}
	o.Why = o.Reasons
	if o.Baseline {
		o.Relation, o.Again, o.Why = verdict.NoWorse, false, nil
	}
	missing := slices.Concat(lost(cell), prefixed("the baseline: ", lost(baseline)))
	switch doubts := doubts(baseline, cell, shown); {
	case len(doubts) > 0:
		o.Relation, o.Again, o.Why = verdict.CouldNotTell, false, doubts
	case len(unlike(cell, baseline)) > 0:
		o.Relation, o.Again, o.Why = verdict.Worse, false, append(unlike(cell, baseline), o.Why...)
	case o.Baseline && cell.Lost > 0:
		o.Relation, o.Again, o.Why = verdict.CouldNotTell, stage == verdict.StageOne, lost(cell)
	case len(missing) > 0:
		o.Relation, o.Again, o.Why = verdict.CouldNotTell, stage == verdict.StageOne, missing
	}
	return o
}

// doubts say why the counts of a cell prove nothing, however many more there are.
func doubts(baseline, cell Measured, shown Shown) []string {
	if cell.Cell.IsBaseline() {
		return slices.Concat(shown[cell.Cell], unsound(cell))
	}
	return slices.Concat(shown[cell.Cell], prefixed("the baseline: ", slices.Concat(unsound(baseline), shown[baseline.Cell])))
}

func lost(m Measured) []string {
	if m.Lost == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the probe lost %d calls: %s", m.Lost, strings.Join(slices.Sorted(maps.Keys(m.Errors)), "; "))}
}

// unsound tells of a baseline that loses calls as a rule: in half of the blocks or more.
// Of two revisions that are equally bad nothing good can be said.
func unsound(baseline Measured) []string {
	failing := 0
	for _, b := range baseline.Blocks {
		if b.Failed > 0 {
			failing++
		}
	}
	switch {
	case len(baseline.Blocks) == 0:
		return []string{"no calls were made"}
	case 2*failing >= len(baseline.Blocks):
		return []string{fmt.Sprintf("within the old revision %d of %d calls fail, in %d of %d blocks: %s", baseline.Failed(), baseline.Sent(), failing, len(baseline.Blocks), most(baseline.Errors))}
	}
	return nil
}

// unlike lists the causes that a cell names and its baseline does not. A proxy that says why it
// refuses does not do so by chance: one such call is enough.
func unlike(cell, baseline Measured) []string {
	var found []string
	for _, cause := range slices.Sorted(maps.Keys(cell.Causes)) {
		if baseline.Causes[cause] == 0 {
			found = append(found, fmt.Sprintf("%d calls failed because %s, none of the baseline's did", cell.Causes[cause], cause))
		}
	}
	for _, cluster := range cell.Clusters {
		expected := float64(baseline.Answers[cluster]) * float64(cell.Sent()) / float64(max(1, baseline.Sent()))
		if cell.Answers[cluster] == 0 && expected >= leastExpected && cell.Failed() < cell.Sent() {
			found = append(found, fmt.Sprintf("no call was answered by cluster %s, %d of the baseline's were", cluster, baseline.Answers[cluster]))
		}
	}
	return found
}

// leastExpected answers do not fail to come by chance: with 30 expected, once in 1e13 times.
const leastExpected = 30

func prefixed(prefix string, all []string) []string {
	out := make([]string, len(all))
	for i, text := range all {
		out[i] = prefix + text
	}
	return out
}

// most is what was said most often.
func most(counts map[string]int) string {
	said, often := "", 0
	for _, text := range slices.Sorted(maps.Keys(counts)) {
		if counts[text] > often {
			said, often = text, counts[text]
		}
	}
	return said
}
