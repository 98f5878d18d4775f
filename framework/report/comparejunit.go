package report

import (
	"fmt"
	"strings"
	"time"
)

// kindCell is the suite that has a case for each cell of a comparison.
const kindCell CaseKind = "cell"

// cellSuites make a suite of each comparison, so that a CI page lists the cells.
func cellSuites(r Run, suffix string) []junitSuite {
	var suites []junitSuite
	for _, c := range r.Cases {
		if c.Compared == nil {
			continue
		}
		var cases []Case
		for _, cell := range c.Compared.Cells {
			cases = append(cases, cellCase(c, cell))
		}
		if len(cases) > 0 {
			suites = append(suites, suiteOf(r, className(r, kindCell)+"."+c.ID+suffix, cases))
		}
	}
	return suites
}

// cellCase is a cell as a case: worse fails, what could not be told is an error.
func cellCase(of Case, cell ComparedCell) Case {
	c := Case{
		ID: of.Compared.cellTitle(cell), Kind: kindCell, Start: of.Start, Message: strings.Join(cell.Why, "; "),
		Promise: "fails no more often than " + of.Compared.Old + " alone", Duration: time.Duration(0),
		Notes: []string{fmt.Sprintf("%s: %s, bound %s", cell.Outcome, cell.counts(), percentFine(cell.Bound)), "service " + cell.Service},
	}
	switch cell.Outcome {
	case CellNoWorse, CellBaseline:
		c.Status = Passed
	case CellWorse:
		c.Status = Failed
	case CellNotTaken:
		c.Status = Unsupported
	default:
		c.Status = Errored
	}
	return c
}
