package upgrade

import (
	"fmt"
	"strings"
)

// Measured is what calls between proxies of both revisions have shown (suite "revisions").
// Its methods may be called on nil: nothing was measured.
type Measured struct {
	// Run is the run's ID.
	Run string `json:"run"`
	// Cells are all that were made or wanted.
	Cells []Cell `json:"cells"`
	// Margin is by how much more calls a cell may lose than the old revision and be called no
	// worse, as a share.
	Margin float64 `json:"margin"`
}

// Cell is calls of one kind.
type Cell struct {
	// Name says from where to where, for people.
	Name string `json:"name"`
	// Outcome is "no worse", "worse", "could not tell" or "not taken".
	Outcome string `json:"outcome"`
	Sent    int    `json:"sent"`
	Failed  int    `json:"failed"`
	Why     string `json:"why,omitempty"`
}

// The outcomes of cells.
const (
	NoWorse  = "no worse"
	Worse    = "worse"
	Unclear  = "could not tell"
	NotTaken = "not taken"
)

// covers is true for a step of which something was measured.
func (m *Measured) covers(step StepID) bool { return m != nil && len(m.Cells) > 0 && step == Namespace }

func (m *Measured) sentence() string {
	if m == nil || len(m.Cells) == 0 {
		return ""
	}
	calls := 0
	for _, cell := range m.Cells {
		calls += cell.Sent
	}
	return fmt.Sprintf("%d calls in %d cells (run %s), of which none may lose %g %% of its calls more than the old revision", calls, len(m.Cells), m.Run, 100*m.Margin)
}

// worse are sentences about the cells that lose calls.
func (m *Measured) worse() []string {
	return m.each(func(c Cell) (string, bool) {
		return fmt.Sprintf("%s: %d of %d calls failed", c.Name, c.Failed, c.Sent), c.Outcome == Worse
	})
}

// doubts are sentences about the cells that tell nothing.
func (m *Measured) doubts() []string {
	return m.each(func(c Cell) (string, bool) {
		return strings.TrimSuffix(fmt.Sprintf("%s: %s: %s", c.Name, c.Outcome, c.Why), ": "), c.Outcome == Unclear || c.Outcome == NotTaken
	})
}

func (m *Measured) each(tell func(Cell) (string, bool)) []string {
	if m == nil {
		return nil
	}
	var all []string
	for _, cell := range m.Cells {
		if text, wanted := tell(cell); wanted {
			all = append(all, text)
		}
	}
	return all
}

// notLookedAt is what no verdict rests on.
func notLookedAt(m *Measured) []string {
	all := []string{
		"what the new istiod would send to the proxies in use, compared with what the old one sends",
		"what the new injector would make of the pods in use, and whether admission takes it",
		"the fleet's own applications: none of them was called",
		"latency",
	}
	if m == nil {
		all = append([]string{"calls: none was made between proxies of both revisions"}, all...)
	}
	return append(all, "gateways of the new revision")
}
