package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// outcome is what became of a test.
type outcome string

// The outcomes, in the words of `go tool test2json`. A test of which no end was told
// has failed: its program ended before it.
const (
	passed  outcome = "pass"
	failed  outcome = "fail"
	skipped outcome = "skip"
)

// result is one test without subtests, or one that failed by itself.
type result struct {
	name    string
	outcome outcome
	took    time.Duration
	output  []string // its last lines, for a failed one
}

// wholePackage is the name of the result of a suite that fails outside of its tests, as
// when its set-up does.
const wholePackage = "(set-up)"

// outputLines is how many of a failed test's last lines are kept.
const outputLines = 60

// event is a line of test2json.
type event struct {
	Action  string
	Test    string
	Elapsed float64 // seconds
	Output  string
}

// readResults reads what test2json writes, until its end, and shows each event to seen.
func readResults(r io.Reader, seen func(event)) ([]result, error) {
	tests := map[string]*result{}
	at := func(name string) *result {
		if tests[name] == nil {
			tests[name] = &result{name: name, outcome: failed}
		}
		return tests[name]
	}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if err := json.Unmarshal(line, &e); err != nil {
				return nil, fmt.Errorf("read test2json's line %q: %w", line, err)
			}
			at(cmp.Or(e.Test, wholePackage)).take(e)
			seen(e)
		}
		if err == io.EOF {
			return summed(tests), nil
		}
		if err != nil {
			return nil, fmt.Errorf("read what test2json writes: %w", err)
		}
	}
}

func (r *result) take(e event) {
	switch e.Action {
	case "output":
		r.output = append(r.output, strings.TrimRight(e.Output, "\n"))
		if len(r.output) > 2*outputLines {
			r.output = slices.Delete(r.output, 0, len(r.output)-outputLines)
		}
	case string(passed), string(failed), string(skipped):
		r.outcome, r.took = outcome(e.Action), time.Duration(e.Elapsed*float64(time.Second))
	}
}

// summed leaves out the tests that only group others, by name.
func summed(tests map[string]*result) []result {
	groups, explained := map[string]bool{}, map[string]bool{}
	for name, r := range tests {
		for parent, ok := parentOf(name); ok; parent, ok = parentOf(parent) {
			groups[parent] = true
			explained[parent] = explained[parent] || r.outcome == failed
		}
		if name != wholePackage {
			explained[wholePackage] = explained[wholePackage] || r.outcome == failed
			groups[wholePackage] = true
		}
	}
	var all []result
	for name, r := range tests {
		if groups[name] && (r.outcome != failed || explained[name]) {
			continue
		}
		if r.outcome != failed {
			r.output = nil
		}
		r.output = r.output[max(0, len(r.output)-outputLines):]
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b result) int { return strings.Compare(a.name, b.name) })
	return all
}

func parentOf(name string) (string, bool) {
	i := strings.LastIndex(name, "/")
	if i < 0 {
		return "", false
	}
	return name[:i], true
}
