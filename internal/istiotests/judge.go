package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// report is what a suite's run gave.
type report struct {
	suite   suite
	results []result
	took    time.Duration
}

// count is how many tests had an outcome.
func (r report) count(o outcome) int {
	n := 0
	for _, t := range r.results {
		if t.outcome == o {
			n++
		}
	}
	return n
}

// judge lists all that is not as expected of the suites that ran.
func judge(reports []report, expected expectations) []string {
	var wrong []string
	for _, r := range reports {
		wrong = append(wrong, r.surprises(expected)...)
		wrong = append(wrong, r.missing(expected)...)
		if n := len(r.results); r.suite.tests != 0 && n != r.suite.tests {
			wrong = append(wrong, fmt.Sprintf("%s: %d tests, and the list of suites says %d", r.suite.name, n, r.suite.tests))
		}
		if r.count(passed) == 0 {
			wrong = append(wrong, fmt.Sprintf("%s: no test passed", r.suite.name))
		}
	}
	return wrong
}

// surprises are the tests that have another outcome than is expected.
func (r report) surprises(expected expectations) []string {
	var wrong []string
	for _, t := range r.results {
		e, listed := expected[test{r.suite.name, t.name}]
		switch {
		case listed && e.outcome == t.outcome, !listed && t.outcome == passed:
		case listed:
			wrong = append(wrong, fmt.Sprintf("%s %s: %s, and %s is expected (%s)", r.suite.name, t.name, said(t.outcome), said(e.outcome), e.reason))
		default:
			wrong = append(wrong, fmt.Sprintf("%s %s: %s", r.suite.name, t.name, said(t.outcome)))
		}
	}
	return wrong
}

// missing are the tests that the list names and that a whole suite did not have. A suite
// of which only some tests are run has others missing rightly.
func (r report) missing(expected expectations) []string {
	if r.suite.run != "" || r.count(failed) > 0 {
		return nil
	}
	ran := map[string]bool{}
	for _, t := range r.results {
		ran[t.name] = true
	}
	var wrong []string
	for _, t := range slices.SortedFunc(maps.Keys(expected), func(a, b test) int { return strings.Compare(a.name, b.name) }) {
		if t.suite == r.suite.name && !ran[t.name] {
			wrong = append(wrong, fmt.Sprintf("%s %s: is expected not to pass, and there is no such test", t.suite, t.name))
		}
	}
	return wrong
}

func said(o outcome) string {
	return map[outcome]string{passed: "passed", failed: "failed", skipped: "skipped"}[o]
}
