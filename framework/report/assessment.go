package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"time"
)

//go:embed assessment.html.tmpl
var assessmentTemplate string

// Assessment is a judgement of several steps of something that is yet to be done, such as an
// upgrade: one outcome a step, and what each rests on.
type Assessment struct {
	// Name begins the class names of JUnit, such as "upgrade".
	Name string
	// Title says what is judged, Scope for what the judgement holds.
	Title, Scope string
	At           time.Time
	Steps        []AssessedStep
	// Checks has a case for each check, Compared one for each comparison of calls.
	Checks, Compared []Case
	Findings         []Finding
	NotLookedAt      []string
}

// AssessedStep is one step.
type AssessedStep struct {
	ID, Title string
	// Status is Passed for go, Failed for no-go, Errored where nobody can tell.
	Status Status
	// Outcome names it for people, State is how far the thing is.
	Outcome, State string
	Why            []string
}

// KindCheck is a check as a case; a step is one of KindStep.
const KindCheck CaseKind = "check"

// JUnit renders the assessment with a suite of the steps, of the checks, and of the cells that
// were called.
func (a Assessment) JUnit() ([]byte, error) {
	var steps []Case
	for _, s := range a.Steps {
		c := Case{ID: s.ID, Name: s.Title, Kind: KindStep, Status: s.Status, Start: a.At, Promise: s.State, Notes: append([]string{s.Outcome + ": " + s.State}, s.Why...)}
		if s.Status != Passed && len(s.Why) > 0 {
			c.Message = s.Why[0]
		}
		steps = append(steps, c)
	}
	suites := []junitSuite{a.suite("steps", steps), a.suite("checks", a.Checks)}
	for _, c := range a.Compared {
		var cells []Case
		for _, cell := range c.Compared.Cells {
			cells = append(cells, cellCase(c, cell))
		}
		if len(cells) > 0 {
			suites = append(suites, a.suite("cells."+c.ID, cells))
		}
	}
	return marshalJUnit(suites)
}

func (a Assessment) suite(kind string, cases []Case) junitSuite {
	s := junitSuite{
		Name: fmt.Sprintf("eastwest %s: %s", a.Title, kind), Tests: len(cases), Time: seconds(0), Timestamp: timestamp(a.At),
		Properties: []junitProperty{{"scope", a.Scope}},
	}
	for _, c := range cases {
		s.add(c, junitCase{Class: "eastwest." + a.Name + "." + kind, Name: caseName(c), Time: seconds(c.Duration), SystemOut: systemOut(Run{}, c)})
	}
	return s
}

// assessmentPage is what the template shows.
type assessmentPage struct {
	Assessment
	Style template.CSS // our own file, not foreign text
	// Class and Outcome are of the worst step.
	Class, Outcome string
	Grids          []grid
}

// HTML renders the assessment as one page that needs nothing else.
func (a Assessment) HTML() ([]byte, error) {
	page, err := template.New("assessment").Funcs(template.FuncMap{"short": short}).Parse(gridTemplate + assessmentTemplate)
	if err != nil {
		return nil, fmt.Errorf("write html: %w", err)
	}
	shown := assessmentPage{Assessment: a, Style: template.CSS(pageStyle), Grids: gridsOf(a.Compared)} //nolint:gosec // a file of ours
	shown.Class, shown.Outcome = a.worst()
	var out bytes.Buffer
	if err := page.Execute(&out, shown); err != nil {
		return nil, fmt.Errorf("write html: %w", err)
	}
	return out.Bytes(), nil
}

// worst is the first step that cannot be taken, or else the last of all, as the page's style calls its outcome.
func (a Assessment) worst() (class, text string) {
	classes := map[Status]string{Failed: "non-conformant", Errored: "inconclusive"}
	for _, s := range a.Steps {
		if s.Status != Passed {
			return classes[s.Status], s.Outcome + ": " + s.Title
		}
	}
	last := a.Steps[len(a.Steps)-1]
	return "conformant", last.Outcome + ": " + last.Title
}
