package upgrade

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// Measured is what calls between proxies of both revisions have shown: the report of a run of
// the suite "revisions". Its methods may be called on nil: nothing was measured.
type Measured struct {
	Run string
	// Cases have the comparisons.
	Cases []report.Case
	// stale says why it may not hold any more; empty for no reason.
	stale []string
}

// ReadMeasured reads the report of a run, and refuses one of another move or other clusters.
func ReadMeasured(from io.Reader, s *istio.Snapshot) (*Measured, error) {
	run, err := report.ReadJSON(from)
	if err != nil {
		return nil, err
	}
	m := &Measured{Run: run.ID}
	for _, c := range run.Cases {
		if c.Compared == nil {
			continue
		}
		if c.Compared.Old != s.Asked.Upgrade.From || c.Compared.New != s.Asked.Upgrade.To {
			return nil, wrong("the run compared %s with %s, and this is about %s -> %s", c.Compared.Old, c.Compared.New, s.Asked.Upgrade.From, s.Asked.Upgrade.To)
		}
		m.Cases = append(m.Cases, c)
	}
	if len(m.Cases) == 0 {
		return nil, wrong("the run %s compared nothing; want one of \"eastwest verify --suite revisions\"", run.ID)
	}
	var ran, asked []string
	for _, c := range run.Clusters {
		ran = append(ran, c.Name)
	}
	for _, c := range s.Clusters {
		asked = append(asked, c.Name)
	}
	slices.Sort(ran)
	slices.Sort(asked)
	if !slices.Equal(ran, asked) {
		return nil, wrong("the run was on %s, and this is about %s", strings.Join(ran, ", "), strings.Join(asked, ", "))
	}
	m.stale = newerThan(s, run.Started)
	return m, nil
}

// newerThan lists the istiods of both revisions that are newer than a run: it has not measured
// these. A second's difference of clocks means nothing.
func newerThan(s *istio.Snapshot, run time.Time) []string {
	const margin = 5 * time.Second
	var all []string
	for i := range s.Clusters {
		istiods, _ := s.Clusters[i].Istiods.Get()
		for _, istiod := range istiods {
			concerned := istiod.Revision == s.Asked.Upgrade.From || istiod.Revision == s.Asked.Upgrade.To
			if concerned && istiod.Created.After(run.Add(margin)) {
				all = append(all, fmt.Sprintf("an istiod of %s on %s started after the calls were made: make them again", istiod.Revision, s.Clusters[i].Name))
			}
		}
	}
	return slices.Compact(all)
}

// covers is true for a step of which something was measured.
func (m *Measured) covers(step StepID) bool { return m != nil && step == Namespace }

func (m *Measured) sentence() string {
	if m == nil {
		return ""
	}
	calls, cells := 0, 0
	for _, c := range m.Cases {
		for _, cell := range c.Compared.Cells {
			calls += cell.Sent
		}
		cells += len(c.Compared.Cells)
	}
	return fmt.Sprintf("%d calls in %d cells (run %s), of which none may lose %g %% of its calls more than the old revision", calls, cells, m.Run, 100*m.Cases[0].Compared.Margin)
}

// worse are sentences about the cells that lose calls.
func (m *Measured) worse() []string {
	if m == nil {
		return nil
	}
	var all []string
	for _, c := range m.Cases {
		for _, sentence := range report.Broken(*c.Compared) {
			all = append(all, c.ID+": "+sentence)
		}
	}
	return all
}

// doubts are sentences about the cells that tell nothing, and about a run that is too old.
func (m *Measured) doubts() []string {
	if m == nil {
		return nil
	}
	all := slices.Clone(m.stale)
	for _, c := range m.Cases {
		for _, doubt := range report.Doubts(*c.Compared) {
			all = append(all, c.ID+": "+doubt)
		}
		if c.Status != report.Passed && len(report.Broken(*c.Compared)) == 0 && len(report.Doubts(*c.Compared)) == 0 {
			all = append(all, fmt.Sprintf("%s: %s: %s", c.ID, c.Status, c.Message))
		}
	}
	return all
}

// notLookedAt is what no verdict rests on.
func notLookedAt(m *Measured) []string {
	var all []string
	if m == nil {
		all = []string{"calls: none was made between proxies of both revisions"}
	}
	return append(all,
		"gateways of the new revision: calls went through those in use",
		"what the new istiod would send to the proxies in use, compared with what the old one sends",
		"what the new injector would make of the pods in use, and whether admission takes it",
		"the fleet's own applications: none of them was called",
		"latency",
	)
}
