package checks

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Acceptance is a finding, or a scenario that fails, that somebody knows of and lives with
// until a day.
type Acceptance struct {
	// Check is the ID; Scenario is a name. One of them is empty.
	Check    string `json:"check,omitempty"`
	Scenario string `json:"scenario,omitempty"`
	// Cluster is the one that a finding names, or from which calls fail; empty for any.
	Cluster string `json:"cluster,omitempty"`
	// Object is a pattern as path.Match reads it, of a word in what is found, such as
	// "istio-system/istio-remote-secret-*"; empty for anything.
	Object string `json:"object,omitempty"`
	Reason string `json:"reason"`
	Owner  string `json:"owner"`
	// Until is the last day, in UTC, on which the finding is accepted.
	Until time.Time `json:"until"`
}

// Day is how Until is written.
const Day = time.DateOnly

// String is what is accepted, by whom and until when.
func (a Acceptance) String() string {
	what := a.Check
	if a.Scenario != "" {
		what = "scenario " + a.Scenario
	}
	if a.Cluster != "" {
		what += " on " + a.Cluster
	}
	if a.Object != "" {
		what += " about " + a.Object
	}
	return what + ", accepted " + a.By()
}

// By is who accepts it, until when and why.
func (a Acceptance) By() string {
	return fmt.Sprintf("by %s until %s (%s)", a.Owner, a.Until.Format(Day), a.Reason)
}

// OfChecks leaves out acceptances of scenarios.
func OfChecks(all []Acceptance) []Acceptance {
	return slices.DeleteFunc(slices.Clone(all), func(a Acceptance) bool { return a.Check == "" })
}

// Expired is true from the day after Until on.
func (a Acceptance) Expired(now time.Time) bool { return !now.Before(a.Until.AddDate(0, 0, 1)) }

func (a Acceptance) matches(f Finding) bool {
	if a.Check == "" || a.Check != f.Check || a.Cluster != "" && a.Cluster != f.Cluster {
		return false
	}
	return a.Object == "" || slices.ContainsFunc(strings.Fields(f.Found), func(word string) bool {
		matched, err := path.Match(a.Object, strings.Trim(word, `"'(),;:`))
		return err == nil && matched
	})
}

// Accepted is a finding that is accepted.
type Accepted struct {
	Finding
	By Acceptance `json:"by"`
}

// String is what is accepted, by whom, until when and why, in a line.
func (a Accepted) String() string {
	return fmt.Sprintf("%s %s (%s): %s; accepted %s", a.Severity, a.Check, a.Cluster, a.Found, a.By.By())
}

// Acceptances are those of a fleet, and what became of each.
type Acceptances struct {
	all     []Acceptance
	now     time.Time
	matched []bool
	// Accepted are the findings, in the order in which they were asked for.
	Accepted []Accepted
}

// NewAcceptances are acceptances as they hold at a time.
func NewAcceptances(all []Acceptance, now time.Time) *Acceptances {
	return &Acceptances{all: all, now: now, matched: make([]bool, len(all))}
}

// Take is true for a finding that is accepted, which it keeps. What has expired accepts
// nothing.
func (a *Acceptances) Take(f Finding) bool {
	taken := false
	for i, one := range a.all {
		if !one.matches(f) {
			continue
		}
		a.matched[i] = true
		if !taken && !one.Expired(a.now) {
			taken = true
			a.Accepted = append(a.Accepted, Accepted{Finding: f, By: one})
		}
	}
	return taken
}

// Expired are those whose day has passed.
func (a *Acceptances) Expired() []Acceptance {
	return slices.DeleteFunc(slices.Clone(a.all), func(one Acceptance) bool { return !one.Expired(a.now) })
}

// Unmatched are those that no finding needed and that have not expired.
func (a *Acceptances) Unmatched() []Acceptance {
	var none []Acceptance
	for i, one := range a.all {
		if !a.matched[i] && !one.Expired(a.now) {
			none = append(none, one)
		}
	}
	return none
}
