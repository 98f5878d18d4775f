package report

import (
	"fmt"
	"slices"
	"strings"
)

// grid shows the cells of one comparison and one kind of service: callers in rows, services in
// columns.
type grid struct {
	Title, Under string
	Columns      []string
	Rows         []gridRow
}

type gridRow struct {
	Name  string
	Cells []gridCell
}

// gridCell is a cell as its counts and its bound; Class is the pill's.
type gridCell struct{ Class, Outcome, Counts, Bound, Why string }

// gridsOf makes two grids of each comparison: of services in all clusters, and of those that run
// in one only.
func gridsOf(cases []Case) []grid {
	var grids []grid
	for _, c := range cases {
		if c.Compared == nil {
			continue
		}
		for _, kind := range []struct {
			title string
			wants func(ComparedCell) bool
		}{
			{"services that run in one cluster only", func(cell ComparedCell) bool { return cell.Destination.Cluster != "" }},
			{"services in all clusters", func(cell ComparedCell) bool { return cell.Destination.Cluster == "" }},
		} {
			g := grid{Title: c.ID + ": " + kind.title, Under: c.Compared.title()}
			g.fill(*c.Compared, kind.wants)
			if len(g.Rows) > 0 {
				grids = append(grids, g)
			}
		}
	}
	return grids
}

// fill takes rows and columns in the order in which cells name them.
func (g *grid) fill(c Compared, wants func(ComparedCell) bool) {
	var rows, columns []CellSide
	at := map[[2]CellSide]ComparedCell{}
	for _, cell := range c.Cells {
		if !wants(cell) {
			continue
		}
		if !slices.Contains(rows, cell.Source) {
			rows = append(rows, cell.Source)
		}
		if !slices.Contains(columns, cell.Destination) {
			columns = append(columns, cell.Destination)
		}
		at[[2]CellSide{cell.Source, cell.Destination}] = cell
	}
	for _, column := range columns {
		g.Columns = append(g.Columns, sideTitle(c, column))
	}
	for _, source := range rows {
		row := gridRow{Name: sideTitle(c, source)}
		for _, destination := range columns {
			row.Cells = append(row.Cells, shownCell(at[[2]CellSide{source, destination}]))
		}
		g.Rows = append(g.Rows, row)
	}
}

func sideTitle(c Compared, s CellSide) string {
	if s.Cluster == "" {
		return c.revision(s)
	}
	return s.Cluster + " / " + c.revision(s)
}

func shownCell(cell ComparedCell) gridCell {
	shown := gridCell{Outcome: string(cell.Outcome)}
	if cell.Sent+cell.Lost > 0 {
		shown.Counts = cell.counts()
	}
	switch cell.Outcome {
	case CellNoWorse:
		shown.Class, shown.Bound = "passed", "at most "+percentFine(cell.Bound)+" more"
	case CellWorse:
		shown.Class, shown.Why = "failed", cell.mostSaid()
	case CellCouldNotTell:
		shown.Class, shown.Why = "errored", strings.Join(cell.Why, "; ")
		if cell.Bound > 0 {
			shown.Bound = fmt.Sprintf("up to %s more", percentFine(cell.Bound))
		}
	case CellBaseline, CellNotTaken:
		shown.Class = "skipped"
	}
	return shown
}
