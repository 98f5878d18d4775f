package fleetfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a fleet's description.
type Problem struct {
	// Line of the fleet file, from 1; 0 where there is none.
	Line int `json:"line,omitempty"`
	// Field is the path of the field, such as "clusters[0].context".
	Field string `json:"field,omitempty"`
	// Text says what is wrong, what was expected and what to do.
	Text string `json:"text"`
}

func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Invalid is the error of a fleet that cannot be used, with all that is wrong.
type Invalid struct {
	// Path of the fleet file; empty when the fleet was given by contexts.
	Path     string
	Problems []Problem
}

func (e *Invalid) Error() string {
	from := "the fleet of --kubeconfig and --context"
	if e.Path != "" {
		from = "fleet file " + e.Path
	}
	if len(e.Problems) == 1 {
		return from + ": " + e.Problems[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d problems:", from, len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// position is where a field stands.
type position struct {
	line int
	path string
}

// collector collects problems. Fields are known by the address of their value, so
// that a check names the value it looked at and the position follows.
type collector struct {
	all       []Problem
	warnings  []string
	positions map[*string]position
}

func newCollector() *collector { return &collector{positions: map[*string]position{}} }

// at adds a problem of the field whose value is at field.
func (c *collector) at(field *string, format string, args ...any) {
	where := c.positions[field]
	c.all = append(c.all, Problem{Line: where.line, Field: where.path, Text: fmt.Sprintf(format, args...)})
}

// add adds a problem of a line; 0 for one of the whole.
func (c *collector) add(line int, format string, args ...any) {
	c.all = append(c.all, Problem{Line: line, Text: fmt.Sprintf(format, args...)})
}

func (c *collector) warn(format string, args ...any) {
	c.warnings = append(c.warnings, fmt.Sprintf(format, args...))
}

// err is nil when nothing is wrong. Problems are ordered by line; those of the
// whole come last.
func (c *collector) err(path string) error {
	if len(c.all) == 0 {
		return nil
	}
	slices.SortStableFunc(c.all, func(a, b Problem) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Compare(a.Line, b.Line)
	})
	return &Invalid{Path: path, Problems: c.all}
}
