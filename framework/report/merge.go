package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// ListKind is the kind of the JSON document of several runs.
const ListKind = "RunReportList"

// List is several runs, such as a night's, with one outcome.
type List struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Outcome is that of verdict.Combine: no runs are inconclusive.
	Outcome verdict.Outcome `json:"outcome"`
	Items   []Run           `json:"items"`
	// NotRun lists the cells that were left out, each with its reason, so that
	// nobody takes silence for success.
	NotRun []NotRun `json:"notRun,omitempty"`
}

// NotRun is a cell that was not run.
type NotRun struct {
	Platform string `json:"platform"`
	CA       string `json:"ca"`
	Reason   string `json:"reason"`
	// Plan is the path of a file with the cell's plan, beside the report; empty for none.
	Plan string `json:"plan,omitempty"`
}

func (n NotRun) title() string { return n.Platform + " x " + n.CA }

// Merge orders runs by platform, CA, environment, start and ID. Two runs with the
// same ID are refused: one of them would be counted twice.
func Merge(runs []Run) (List, error) {
	items := slices.Clone(runs)
	slices.SortStableFunc(items, func(a, b Run) int {
		return cmp.Or(
			cmp.Compare(a.Cell.Platform, b.Cell.Platform), cmp.Compare(a.Cell.CA, b.Cell.CA),
			cmp.Compare(a.Cell.Environment, b.Cell.Environment), a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID),
		)
	})
	var errs []error
	var outcomes []verdict.Outcome
	seen := map[string]bool{}
	for i := range items {
		if seen[items[i].ID] {
			errs = append(errs, fmt.Errorf("merge reports: run %q is there twice: give each report once", items[i].ID))
		}
		seen[items[i].ID] = true
		items[i].APIVersion, items[i].Kind, items[i].Caveats = APIVersion, Kind, items[i].caveats()
		outcomes = append(outcomes, items[i].Outcome)
	}
	if err := errors.Join(errs...); err != nil {
		return List{}, err
	}
	return List{APIVersion: APIVersion, Kind: ListKind, Outcome: verdict.Combine(outcomes), Items: items}, nil
}

// JSON renders the list with every run in full.
func (l List) JSON() ([]byte, error) { return encode(l) }

// JUnit renders the suites of all runs in one document.
func (l List) JUnit() ([]byte, error) {
	perCell := map[string]int{}
	for _, r := range l.Items {
		perCell[r.title()]++
	}
	var suites []junitSuite
	for _, r := range l.Items {
		suffix := ""
		if perCell[r.title()] > 1 {
			suffix = "." + r.ID
		}
		suites = append(suites, suitesOf(r, suffix)...)
	}
	if len(l.NotRun) > 0 {
		suites = append(suites, skippedSuite(l.NotRun))
	}
	return marshalJUnit(suites)
}

// skippedSuite has a skipped case for each cell that was not run.
func skippedSuite(cells []NotRun) junitSuite {
	suite := junitSuite{Name: "eastwest.not-run", Tests: len(cells), Skipped: len(cells), Time: seconds(0)}
	for _, n := range cells {
		suite.Cases = append(suite.Cases, junitCase{
			Class: suite.Name, Name: clean(n.title()), Time: seconds(0), Skipped: &junitMessage{Message: clean(n.Reason)},
		})
	}
	return suite
}

// Markdown renders a table with one row for each run.
func (l List) Markdown() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %d runs: %s%s\n\n", mark(l.Outcome), len(l.Items), md(string(l.Outcome)), md(l.tags()))
	b.WriteString("| | platform | CA | environment | outcome | time | why |\n|---|---|---|---|---|--:|---|\n")
	for _, r := range l.Items {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", mark(r.Outcome), md(r.Cell.Platform), md(r.Cell.CA), md(r.Cell.Environment),
			md(r.headline()), short(r.Ended.Sub(r.Started)), md(strings.Join(r.Reasons, "; ")))
	}
	for _, r := range l.Items {
		for _, sentence := range r.caveats() {
			fmt.Fprintf(&b, "\n> %s: **%s**\n", md(r.title()), md(sentence))
		}
	}
	if len(l.NotRun) > 0 {
		b.WriteString("\n### Not run\n\n| platform | CA | why | plan |\n|---|---|---|---|\n")
		for _, n := range l.NotRun {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", md(n.Platform), md(n.CA), md(n.Reason), md(n.Plan))
		}
	}
	return []byte(b.String())
}

// Table renders the list for a terminal, without the reasons.
func (l List) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d runs: %s%s\n", len(l.Items), l.Outcome, l.tags())
	wide := 0
	for _, r := range l.Items {
		wide = max(wide, len([]rune(clean(r.title()))))
	}
	for _, r := range l.Items {
		title := clean(r.title())
		fmt.Fprintf(&b, "  %s%s %8s  %s\n", title, strings.Repeat(" ", wide-len([]rune(title))), short(r.Ended.Sub(r.Started)), clean(r.headline()))
	}
	return b.String()
}

// tags says beside the outcome of the list how many of its runs had a limit, and which:
// " [2 of 3: rehearsal]".
func (l List) tags() string {
	limited := 0
	var tags []string
	for _, r := range l.Items {
		if own := r.tagList(); len(own) > 0 {
			limited++
			tags = append(tags, own...)
		}
	}
	if limited == 0 {
		return ""
	}
	slices.Sort(tags)
	return fmt.Sprintf(" [%d of %d: %s]", limited, len(l.Items), strings.Join(slices.Compact(tags), ", "))
}
