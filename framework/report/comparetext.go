package report

import (
	"fmt"
	"strings"
)

// title says what was compared, and how finely.
func (c Compared) title() string {
	return fmt.Sprintf("revision %s beside %s: %d blocks of %d calls a cell, a loss of %s more than the baseline's is found (seed %d)",
		c.New, c.Old, c.Blocks, c.CallsPerBlock, percent(c.Margin), c.Seed)
}

// Title is "canary in cluster1 -> default, only in cluster2".
func (c Compared) cellTitle(cell ComparedCell) string {
	where := "in all clusters"
	if cell.Destination.Cluster != "" {
		where = "only in " + cell.Destination.Cluster
	}
	return fmt.Sprintf("%s in %s -> %s, %s", c.revision(cell.Source), cell.Source.Cluster, c.revision(cell.Destination), where)
}

// counts are those of one cell in words.
func (cell ComparedCell) counts() string {
	if cell.Sent+cell.Lost == 0 {
		return strings.Join(cell.Why, "; ")
	}
	text := fmt.Sprintf("%d of %d failed", cell.Failed, cell.Sent)
	if cell.Lost > 0 {
		text += fmt.Sprintf(", %d lost", cell.Lost)
	}
	return text
}

// outcomeGroup is all cells of one outcome.
type outcomeGroup struct {
	Outcome CellOutcome
	Cells   []ComparedCell
}

// byOutcome groups cells, the worst first; outcomes that none has are left out.
func (c Compared) byOutcome() []outcomeGroup {
	var groups []outcomeGroup
	for _, outcome := range CellOutcomes() {
		group := outcomeGroup{Outcome: outcome}
		for _, cell := range c.Cells {
			if cell.Outcome == outcome {
				group.Cells = append(group.Cells, cell)
			}
		}
		if len(group.Cells) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// sums is a line for cells of which nobody asks one by one.
func (g outcomeGroup) sums() string {
	sent, failed, bound := 0, 0, 0.0
	for _, cell := range g.Cells {
		sent, failed, bound = sent+cell.Sent, failed+cell.Failed, max(bound, cell.Bound)
	}
	text := fmt.Sprintf("%s: %d cells, %d of %d calls failed", g.Outcome, len(g.Cells), failed, sent)
	if g.Outcome == CellNoWorse {
		text += fmt.Sprintf("; each loses at most %s more than its baseline", percentFine(bound))
	}
	return text
}

// told is true for outcomes whose cells are told one by one.
func (g outcomeGroup) told() bool {
	return g.Outcome == CellWorse || g.Outcome == CellCouldNotTell || g.Outcome == CellNotTaken
}

// percentFine has two digits more than percent: bounds are below one percent.
func percentFine(part float64) string { return fmt.Sprintf("%.2f %%", 100*part) }

// compared tells how the cells of comparisons went, by outcome.
func (t *terminal) compared(cases []Case) {
	for _, c := range cases {
		if c.Compared == nil {
			continue
		}
		t.heading(clean(c.ID + ": " + c.Compared.title()))
		for _, group := range c.Compared.byOutcome() {
			if !group.told() {
				t.text("  ", green, group.sums())
				continue
			}
			style := yellow
			if group.Outcome == CellWorse {
				style = red
			}
			t.text("  ", style, fmt.Sprintf("%s: %d cells", group.Outcome, len(group.Cells)))
			for _, cell := range group.Cells {
				t.text("    ", "", c.Compared.cellTitle(cell)+": "+cell.counts())
			}
		}
		t.text("  ", dim, fmt.Sprintf("converged in %s, measured in %s", short(c.Compared.Converge), short(c.Compared.Measure)))
	}
}

// comparedText is all cells in plain characters, for JUnit's system-out.
func comparedText(c Compared) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", clean(c.title()))
	for _, group := range c.byOutcome() {
		for _, cell := range group.Cells {
			fmt.Fprintf(&b, "  %-14s %s: %s\n", group.Outcome, clean(c.cellTitle(cell)), clean(cell.counts()))
		}
	}
	return b.String()
}
