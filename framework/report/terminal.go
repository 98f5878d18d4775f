package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// TerminalOptions say what the terminal can show.
type TerminalOptions struct {
	Color bool
	Width int // columns; 0 means 80
}

// The narrowest and the usual terminal.
const (
	minWidth     = 40
	defaultWidth = 80
)

// SGR colours of ECMA-48.
const (
	bold    = "1"
	dim     = "2"
	red     = "31"
	green   = "32"
	yellow  = "33"
	inverse = "7"
)

// Terminal renders the run for a person who waits for it.
func Terminal(r Run, o TerminalOptions) string {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	t := &terminal{color: o.Color, width: max(o.Width, minWidth)}
	t.verdict(r)
	t.cases(r.Cases)
	t.samples(r.Cases)
	t.compared(r.Cases)
	t.phases(r.Phases)
	t.findings(r.Findings)
	return t.b.String()
}

type terminal struct {
	b     strings.Builder
	color bool
	width int
}

func (t *terminal) paint(style, s string) string {
	if !t.color || s == "" {
		return s
	}
	return "\x1b[" + style + "m" + s + "\x1b[0m"
}

func (t *terminal) heading(s string) { fmt.Fprintf(&t.b, "\n%s\n", t.paint(bold, s)) }

// text prints a paragraph, every line of it behind the indent.
func (t *terminal) text(indent, style, s string) {
	for _, line := range wrap(clean(s), t.width-len(indent)) {
		fmt.Fprintf(&t.b, "%s%s\n", indent, t.paint(style, line))
	}
}

func (t *terminal) verdict(r Run) {
	style := outcomeStyle(r.Outcome)
	fmt.Fprintf(&t.b, "%s%s\n", t.paint(bold+";"+inverse+";"+style, " "+strings.ToUpper(string(r.Outcome))+" "), t.paint(bold+";"+yellow, r.tags()))
	t.text("", bold, fmt.Sprintf("%s, %d clusters, %s, run %s, %s", r.title(), len(r.Clusters), r.Cell.proxy(), r.ID, short(r.Ended.Sub(r.Started))))
	for _, sentence := range r.caveats() {
		t.text("! ", yellow, sentence)
	}
	for _, reason := range r.Reasons {
		t.text("  ", "", reason)
	}
	for _, note := range r.Notes {
		t.text("  ", dim, "note: "+note)
	}
}

func outcomeStyle(o verdict.Outcome) string {
	switch o {
	case verdict.Conformant, verdict.Rehearsed:
		return green
	case verdict.NonConformant:
		return red
	default:
		return yellow
	}
}

func (t *terminal) cases(cases []Case) {
	if len(cases) == 0 {
		return
	}
	t.heading("Steps and scenarios")
	wide := 0
	for _, c := range cases {
		wide = max(wide, len([]rune(clean(caseName(c)))))
	}
	wide = min(wide, t.width-24)
	for _, c := range cases {
		sign, style := statusSign(c.Status)
		name := wrap(clean(caseName(c)), wide)
		if len(name) == 0 {
			name = []string{""}
		}
		pad := strings.Repeat(" ", max(0, wide-len([]rune(name[0]))))
		fmt.Fprintf(&t.b, "  %s %s%s %8s\n", t.paint(style, fmt.Sprintf("%-11s", sign)), name[0], pad, t.paint(dim, fmt.Sprintf("%8s", short(c.Duration))))
		for _, line := range name[1:] {
			fmt.Fprintf(&t.b, "%14s%s\n", "", line)
		}
		if c.Status != Passed {
			t.text("      ", style, c.Message)
		}
		if c.Status == Accepted {
			t.text("      ", dim, "accepted "+c.Accepted)
		}
	}
}

func statusSign(s Status) (sign, style string) {
	switch s {
	case Passed:
		return "passed", green
	case Failed:
		return "FAILED", red
	case Errored:
		return "ERRORED", yellow
	case Accepted:
		return string(s), yellow
	default:
		return string(s), dim
	}
}

func (t *terminal) samples(cases []Case) {
	const head = 29 // label, count and part of a bar
	for _, c := range cases {
		for _, s := range c.Samples {
			t.heading(fmt.Sprintf("%s from %s: %d calls, converged in %s", clean(c.ID), clean(s.Source), len(s.Calls), short(s.Converge)))
			for _, b := range histogram(s) {
				style := green
				if !b.Good || b.Judged && (b.Count < b.Accept.Low || b.Count > b.Accept.High) {
					style = red
				}
				line := barText(b, max(10, min(24, t.width-head-32)))
				fmt.Fprintf(&t.b, "  %s\n", t.paint(style, line))
			}
			if l, ok := latencies(s); ok {
				t.text("  ", dim, fmt.Sprintf("latency min %s, p50 %s, p99 %s, max %s", short(l.Min), short(l.P50), short(l.P99), short(l.Max)))
			}
		}
	}
}

func (t *terminal) phases(phases []Phase) {
	if len(phases) == 0 {
		return
	}
	t.heading("Time")
	var longest time.Duration
	for _, p := range phases {
		longest = max(longest, p.Duration)
	}
	for _, p := range phases {
		bar := 0
		if longest > 0 {
			bar = int(20 * p.Duration / longest)
		}
		fmt.Fprintf(&t.b, "  %-28s %8s  %s\n", clean(p.Name), short(p.Duration), t.paint(dim, strings.Repeat("#", bar)))
	}
}

func (t *terminal) findings(findings []Finding) {
	for _, group := range grouped(findings) {
		t.heading(group.Heading)
		for _, f := range group.Findings {
			t.finding(f)
		}
	}
}

func (t *terminal) finding(f Finding) {
	style := bold + ";" + red
	switch {
	case f.Accepted != "":
		t.text("  ", "", f.Where()+": "+f.Found)
		t.text("    ", dim, "accepted "+f.Accepted)
		return
	case f.Severity == severityWarning:
		style = bold + ";" + yellow
	}
	t.text("  ", style, f.Where())
	t.text("    ", "", "found: "+f.Found)
	if f.Want != "" {
		t.text("    ", "", "want:  "+f.Want)
	}
	if f.Fix != "" {
		t.text("    ", bold, "fix:   "+f.Fix)
	}
	for _, command := range f.Commands {
		t.text("    ", "", "$ "+command)
	}
}
