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
}

// Merge orders runs by platform, CA, place, start and ID. Two runs with the
// same ID are refused: one of them would be counted twice.
func Merge(runs []Run) (List, error) {
	items := slices.Clone(runs)
	slices.SortStableFunc(items, func(a, b Run) int {
		return cmp.Or(
			cmp.Compare(a.Cell.Platform, b.Cell.Platform), cmp.Compare(a.Cell.CA, b.Cell.CA),
			cmp.Compare(a.Cell.Place, b.Cell.Place), a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID),
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
	return marshalJUnit(suites)
}

// Markdown renders a table with one row for each run.
func (l List) Markdown() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %d runs: %s%s\n\n", mark(l.Outcome), len(l.Items), md(string(l.Outcome)), md(l.tags()))
	b.WriteString("| | platform | CA | place | outcome | time | why |\n|---|---|---|---|---|--:|---|\n")
	for _, r := range l.Items {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", mark(r.Outcome), md(r.Cell.Platform), md(r.Cell.CA), md(r.Cell.Place),
			md(r.headline()), short(r.Ended.Sub(r.Started)), md(strings.Join(r.Reasons, "; ")))
	}
	for _, r := range l.Items {
		for _, sentence := range r.caveats() {
			fmt.Fprintf(&b, "\n> %s: **%s**\n", md(r.title()), md(sentence))
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

// tags says beside the outcome of the list how many of its runs had a limit.
func (l List) tags() string {
	limited := 0
	for _, r := range l.Items {
		if len(r.Limits()) > 0 {
			limited++
		}
	}
	if limited == 0 {
		return ""
	}
	return fmt.Sprintf(" [%d of %d rehearsed or with a stand-in]", limited, len(l.Items))
}
