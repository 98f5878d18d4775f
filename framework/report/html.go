package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"time"
)

//go:embed page.html.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

// HTML renders the run as one page that needs nothing else: no script, no
// font, no picture, no network. It reads on a phone and in the dark.
func HTML(r Run) ([]byte, error) {
	page, err := template.New("page").Funcs(template.FuncMap{
		"short":   short,
		"percent": percent,
	}).Parse(pageTemplate)
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
	Gantt  []ganttRow
	Found  []findingGroup
}

type caseGroup struct {
	Name   string
	Counts string
	Cases  []Case
}

// chart is one sample from one source cluster.
type chart struct {
	Sample
	Scenario string
	Bars     []chartBar
	Ticks    []tick
	Scale    []scaleMark
	Latency  latency
	HasCalls bool
}

// chartBar is a bar with its accept interval; positions are in percent of the calls.
type chartBar struct {
	bar
	Color             string
	Width             float64
	BandLeft, BandFor float64
	WantAt            float64
	Outside           bool
}

// tick is one call on the latency strip, in percent of its width.
type tick struct {
	X     float64
	Color string
}

type scaleMark struct {
	X     float64
	Label string
}

type ganttRow struct {
	Phase
	Left, Width float64 // percent of the run
}

func newPage(r Run) page {
	p := page{
		Run: r, Style: template.CSS(pageStyle), Title: r.title(), Tags: r.tags(), Proxy: r.Cell.proxy(), //nolint:gosec // a file of ours
		Limits: r.Limits(), Took: r.Ended.Sub(r.Started), Gantt: gantt(r.Phases), Found: grouped(r.Findings),
	}
	for _, group := range []struct {
		name string
		kind CaseKind
	}{{"Scenarios", KindScenario}, {"Steps", KindStep}, {"Clean-up", KindCleanup}} {
		if g := groupOf(group.name, group.kind, r.Cases); len(g.Cases) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	for _, c := range r.Cases {
		for _, s := range c.Samples {
			p.Charts = append(p.Charts, newChart(c, s))
		}
	}
	return p
}

func groupOf(name string, kind CaseKind, cases []Case) caseGroup {
	g := caseGroup{Name: name}
	for _, c := range cases {
		if c.Kind == kind {
			g.Cases = append(g.Cases, c)
		}
	}
	g.Counts = countsText(g.Cases)
	return g
}

func newChart(c Case, s Sample) chart {
	ch := chart{Sample: s, Scenario: c.label()}
	colors := map[string]string{}
	for i, b := range histogram(s) {
		cb := chartBar{bar: b, Width: round1(100 * b.Part), WantAt: round1(100 * b.Want), Color: "bad"}
		if b.Good {
			cb.Color = fmt.Sprintf("v%d", i%seriesColors)
			colors[b.Label] = cb.Color
		}
		if n := float64(len(s.Calls)); b.Judged && n > 0 {
			cb.BandLeft = round1(100 * float64(b.Accept.Low) / n)
			cb.BandFor = round1(100 * float64(b.Accept.High-b.Accept.Low) / n)
			cb.Outside = b.Count < b.Accept.Low || b.Count > b.Accept.High
		}
		ch.Bars = append(ch.Bars, cb)
	}
	ch.Latency, ch.HasCalls = latencies(s)
	ch.Ticks, ch.Scale = latencyStrip(s.Calls, colors)
	return ch
}

// seriesColors is the number of colours v0.. of page.css.
const seriesColors = 6

// latencyStrip places each call on a logarithmic axis: a stall of ten seconds
// and an answer in two milliseconds must both be seen.
func latencyStrip(calls []Call, colors map[string]string) ([]tick, []scaleMark) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range calls {
		if at := decade(c.Latency); !c.Unsound {
			low, high = math.Min(low, at), math.Max(high, at)
		}
	}
	if low > high {
		return nil, nil
	}
	low, high = math.Floor(low), math.Ceil(high)
	if high <= low {
		high = low + 1
	}
	place := func(at float64) float64 { return round1(100 * (at - low) / (high - low)) }
	var ticks []tick
	for _, c := range calls {
		if c.Unsound {
			continue
		}
		color, good := colors[c.Version]
		if !good || c.Status != http.StatusOK {
			color = "bad"
		}
		ticks = append(ticks, tick{X: place(decade(c.Latency)), Color: color})
	}
	// Failures are drawn last, above the crowd.
	slices.SortStableFunc(ticks, func(a, b tick) int { return rankOf(a) - rankOf(b) })
	var marks []scaleMark
	for at := low; at <= high; at++ {
		marks = append(marks, scaleMark{X: place(at), Label: short(time.Duration(math.Round(math.Pow(10, at))))})
	}
	return ticks, marks
}

func rankOf(t tick) int {
	if t.Color == "bad" {
		return 1
	}
	return 0
}

// decade is the logarithm of a duration in nanoseconds; nothing is faster than a microsecond.
func decade(d time.Duration) float64 {
	return math.Log10(float64(max(d, time.Microsecond)))
}

func gantt(phases []Phase) []ganttRow {
	if len(phases) == 0 {
		return nil
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
	rows := make([]ganttRow, len(phases))
	for i, p := range phases {
		rows[i] = ganttRow{Phase: p, Left: share(p.Start.Sub(start)), Width: share(p.Duration)}
	}
	return rows
}

func round1(x float64) float64 { return math.Round(10*x) / 10 }
