package scenarios

import (
	"fmt"
	"maps"
	"slices"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// report lists all cells: those that were called, then those that could not be.
func (c *comparison) report(all measurements, outcomes map[revisions.Cell]revisions.Outcome) report.Compared {
	design := c.Comparing.Design
	compared := report.Compared{
		Old: c.Comparing.Pair.Old, New: c.Comparing.Pair.New, Extent: string(c.Comparing.Asked.Extent),
		Blocks: design.Blocks, CallsPerBlock: design.CallsPerBlock, Margin: design.Margin,
		FalseWorse: design.FalseWorse, FalseNoWorse: design.FalseNoWorse, Seed: c.Comparing.Asked.Seed,
	}
	for _, cell := range c.Comparing.Cells {
		measured, outcome := all[cell], outcomes[cell]
		entry := c.named(cell)
		entry.Stage, entry.Sent, entry.Failed, entry.Lost = int(outcome.Stage), measured.Sent(), measured.Failed(), measured.Lost
		entry.Bound, entry.Outcome, entry.Why = outcome.Upper, outcomeOf(outcome), outcome.Why
		entry.Answers, entry.Errors = measured.Answers, few(measured.Errors)
		compared.Cells = append(compared.Cells, entry)
	}
	for _, cell := range c.Comparing.Absent {
		entry := c.named(cell)
		entry.Outcome = report.CellNotTaken
		entry.Why = []string{fmt.Sprintf("revision %s does not run there", c.Comparing.Pair.New)}
		compared.Cells = append(compared.Cells, entry)
	}
	return compared
}

// name tells a cell in a note.
func (c *comparison) name(cell revisions.Cell) string {
	return fmt.Sprintf("%s in %s -> %s", c.Comparing.Pair.Name(cell.Source.Arm), cell.Source.Cluster, c.Comparing.Host(c.Namespace, cell))
}

// named is a cell with its names alone.
func (c *comparison) named(cell revisions.Cell) report.ComparedCell {
	side := func(s revisions.Side) report.CellSide {
		return report.CellSide{Cluster: s.Cluster, Arm: string(s.Arm), Revision: c.revisionOf(s.Arm)}
	}
	return report.ComparedCell{Source: side(cell.Source), Destination: side(cell.Destination), Service: c.Comparing.Host(c.Namespace, cell)}
}

func outcomeOf(o revisions.Outcome) report.CellOutcome {
	switch {
	case o.Relation == verdict.Worse:
		return report.CellWorse
	case o.Relation != verdict.NoWorse:
		return report.CellCouldNotTell
	case o.Baseline:
		return report.CellBaseline
	}
	return report.CellNoWorse
}

// mostReasons is how many different reasons of failed calls are kept.
const mostReasons = 5

// few keeps the reasons that were given most often, and counts the rest together.
func few(counts map[string]int) map[string]int {
	reasons := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		if a < b {
			return -1
		}
		return 1
	})
	kept := map[string]int{}
	for i, reason := range reasons {
		if i >= mostReasons {
			reason = "other reasons"
		}
		kept[reason] += counts[reasons[i]]
	}
	return kept
}
