package report

import "time"

// Compared is how calls between two revisions went, beside those within the old one.
type Compared struct {
	Old string `json:"old"`
	New string `json:"new"`
	// Extent is small or standard.
	Extent        string `json:"extent"`
	Blocks        int    `json:"blocks"`
	CallsPerBlock int    `json:"callsPerBlock"`
	// Margin is the loss beyond the baseline's, as a part of 1, that is told from none.
	Margin float64 `json:"margin"`
	// FalseWorse bounds the chance that a run calls any cell worse though all are as good as
	// the baseline, FalseNoWorse that a cell which loses Margin more is called no worse.
	FalseWorse   float64 `json:"falseWorse"`
	FalseNoWorse float64 `json:"falseNoWorse"`
	// Seed draws the orders in which cells were called.
	Seed uint64 `json:"seed"`
	// Converge is how long the bounded first phase took, until every cell was answered or the
	// bound was over; Measure how long the calls took.
	Converge time.Duration  `json:"convergeNanoseconds"`
	Measure  time.Duration  `json:"measureNanoseconds"`
	Cells    []ComparedCell `json:"cells"`
}

// CellOutcome is what became of a cell.
type CellOutcome string

// The outcomes. CellNotTaken is a cell that could not be called, since the new revision does not
// run there.
const (
	CellBaseline     CellOutcome = "baseline"
	CellNoWorse      CellOutcome = "no worse"
	CellWorse        CellOutcome = "worse"
	CellCouldNotTell CellOutcome = "could not tell"
	CellNotTaken     CellOutcome = "not taken"
)

// CellOutcomes lists them, the worst first.
func CellOutcomes() []CellOutcome {
	return []CellOutcome{CellWorse, CellCouldNotTell, CellNotTaken, CellNoWorse, CellBaseline}
}

// CellSide is one end of a cell. Arm is old or new: both may have the same revision.
type CellSide struct {
	// Cluster is empty for a service that runs in all clusters.
	Cluster  string `json:"cluster,omitempty"`
	Arm      string `json:"arm"`
	Revision string `json:"revision"`
}

// ComparedCell is a caller and a service, and how its calls went.
type ComparedCell struct {
	Source      CellSide `json:"source"`
	Destination CellSide `json:"destination"`
	// Service is the host that was called.
	Service string `json:"service"`
	// Sent and Failed are of the stage that Outcome rests on; Stage is 1 or 2. Lost are those
	// of which the probe does not know what became.
	Stage  int `json:"stage,omitempty"`
	Sent   int `json:"sent"`
	Failed int `json:"failed"`
	Lost   int `json:"lost,omitempty"`
	// Bound is the most that the cell may lose beyond its baseline, as a part of 1.
	Bound   float64     `json:"bound"`
	Outcome CellOutcome `json:"outcome"`
	Why     []string    `json:"why,omitempty"`
	// Answers are good answers by the cluster that gave them, Errors all others by what they said.
	Answers map[string]int `json:"answers,omitempty"`
	Errors  map[string]int `json:"errors,omitempty"`
}

// Judged counts the cells that were compared with a baseline; none for no comparison.
func (c *Compared) Judged() int {
	if c == nil {
		return 0
	}
	judged := 0
	for _, cell := range c.Cells {
		if cell.Outcome == CellNoWorse || cell.Outcome == CellWorse {
			judged++
		}
	}
	return judged
}
