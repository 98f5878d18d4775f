package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"
)

//go:embed page.html.tmpl
var pageTemplate string

// gridTemplate shows cells that were compared, on every page that has any.
//
//go:embed grid.html.tmpl
var gridTemplate string

//go:embed page.css
var pageStyle string

// HTML renders the run as one page that needs nothing else: no script, no
// font, no picture, no network. It reads on a phone and in the dark.
func HTML(r Run) ([]byte, error) {
	page, err := template.New("page").Funcs(template.FuncMap{
		"short":   short,
		"percent": percent,
		"many":    many,
	}).Parse(gridTemplate + pageTemplate)
	if err != nil {
		return nil, fmt.Errorf("write html: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, newPage(r)); err != nil {
		return nil, fmt.Errorf("write html: %w", err)
	}
	return out.Bytes(), nil
}

// page is what the template shows: all arithmetic is done here.
type page struct {
	Run
	Style  template.CSS // our own file, not foreign text
	Title  string
	Tags   string
	Proxy  string
	Limits []Limit
	Took   time.Duration
	Groups []caseGroup
	Charts []chart
	Grids  []grid
	Time   timeline
	Found  []findingGroup
	Files  []evidenceFile
	Colors palette
	Unmet  int // waits in vain
}

// caseGroup is the cases of one kind. Steps fold: while they pass nobody asks.
type caseGroup struct {
	Name, One   string
	Counts      string
	Cases       []Case
	Folds, Open bool
}

// fewNotes are shown; more fold under a case that passed.
const fewNotes = 3

func many(notes []string) bool { return len(notes) > fewNotes }

func newPage(r Run) page {
	p := page{
		Run: r, Style: template.CSS(pageStyle), Title: r.title(), Tags: r.tags(), Proxy: r.Cell.proxy(), //nolint:gosec // a file of ours
		Limits: r.Limits(), Took: r.Ended.Sub(r.Started), Time: newTimeline(r.Phases), Found: grouped(r.Findings), Files: evidenceFiles(r.Evidence),
	}
	for _, kind := range []CaseKind{KindScenario, KindStep, KindCleanup} {
		if g := groupOf(kind, r.Cases); len(g.Cases) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	p.Colors = colorsOf(r)
	p.Charts = chartsOf(r, p.Colors)
	p.Grids = gridsOf(r.Cases)
	for _, w := range r.Waits {
		if !w.Met {
			p.Unmet++
		}
	}
	return p
}

func groupOf(kind CaseKind, cases []Case) caseGroup {
	g := caseGroup{One: string(kind), Folds: kind == KindStep}
	switch kind {
	case KindScenario:
		g.Name = "Scenarios"
	case KindStep:
		g.Name = "Steps"
	case KindCleanup:
		g.Name, g.One = "Clean-up", "clean-up"
	case kindVerdict, kindCell: // cases of JUnit alone
	}
	for _, c := range cases {
		if c.Kind == kind {
			g.Cases = append(g.Cases, c)
			g.Open = g.Open || c.Status != Passed
		}
	}
	g.Counts = countsText(g.Cases)
	return g
}

// timeline shows when each phase of the run was.
type timeline struct {
	Rows  []phaseRow
	Label string // the same in words
}

type phaseRow struct {
	Phase
	Left, Width float64 // percent of the run
}

func newTimeline(phases []Phase) timeline {
	if len(phases) == 0 {
		return timeline{}
	}
	start, end := phases[0].Start, phases[0].Start
	for _, p := range phases {
		if p.Start.Before(start) {
			start = p.Start
		}
		if stop := p.Start.Add(p.Duration); stop.After(end) {
			end = stop
		}
	}
	whole := max(end.Sub(start), time.Nanosecond)
	share := func(d time.Duration) float64 { return round1(100 * float64(d) / float64(whole)) }
	t := timeline{Rows: make([]phaseRow, len(phases))}
	words := make([]string, len(phases))
	for i, p := range phases {
		t.Rows[i] = phaseRow{Phase: p, Left: share(p.Start.Sub(start)), Width: share(p.Duration)}
		words[i] = p.Name + " " + short(p.Duration)
	}
	t.Label = short(whole) + " in all: " + strings.Join(words, ", ")
	return t
}
