package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// accept turns a scenario that failed into an accepted one where the fleet file says so. What
// could not be judged is never accepted, and nothing is after the last day.
func accept(c report.Case, accepted []checks.Acceptance, now time.Time) report.Case {
	if c.Status != report.Failed {
		return c
	}
	for _, a := range accepted {
		if a.Scenario == c.ID && !a.Expired(now) && failsOnlyFrom(c, a.Cluster) {
			c.Status, c.Accepted = report.Accepted, a.By()
			return c
		}
	}
	return c
}

// failsOnlyFrom is true where every sample that is not as promised comes from the cluster,
// and for any failure where none is named.
func failsOnlyFrom(c report.Case, cluster string) bool {
	if cluster == "" {
		return true
	}
	from := 0
	for _, sample := range c.Samples {
		switch {
		case sample.Verdict.Outcome == verdict.Conformant:
		case sample.Source != cluster:
			return false
		default:
			from++
		}
	}
	return from > 0
}

// unneeded says which acceptances nothing needed, since their scenario passed.
func unneeded(cases []report.Case, accepted []checks.Acceptance) []string {
	var notes []string
	for _, a := range accepted {
		if slices.ContainsFunc(cases, func(c report.Case) bool { return c.ID == a.Scenario && c.Status == report.Passed }) {
			notes = append(notes, fmt.Sprintf("%s: it passed; take this out of the fleet file once it is not needed", a))
		}
	}
	return notes
}
