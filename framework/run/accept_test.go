package run

import (
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func TestAccept(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	known := checks.Acceptance{Scenario: "plaintext-refused", Reason: "known", Owner: "me", Until: now.Truncate(24 * time.Hour)}
	on := func(cluster string) checks.Acceptance { a := known; a.Cluster = cluster; return a }
	of := func(scenario string) checks.Acceptance { a := known; a.Scenario = scenario; return a }
	expired := known
	expired.Until = known.Until.AddDate(0, 0, -1)
	failed := report.Case{ID: "plaintext-refused", Status: report.Failed}
	with := func(outcomes map[string]verdict.Outcome) report.Case {
		c := failed
		for source, outcome := range outcomes {
			c.Samples = append(c.Samples, report.Sample{Source: source, Verdict: verdict.Verdict{Outcome: outcome}})
		}
		return c
	}
	status := func(s report.Status) report.Case { c := failed; c.Status = s; return c }
	rows := []struct {
		name string
		c    report.Case
		by   checks.Acceptance
		want report.Status
	}{
		{"any cluster", failed, known, report.Accepted},
		{"another scenario", failed, of("gateway-crossing"), report.Failed},
		{"the last day has passed", failed, expired, report.Failed},
		{"nobody could tell", status(report.Errored), known, report.Errored},
		{"it passed", status(report.Passed), known, report.Passed},
		{"calls from that cluster fail", with(map[string]verdict.Outcome{"a": verdict.NonConformant, "b": verdict.Conformant}), on("a"), report.Accepted},
		{"calls from another cluster fail", with(map[string]verdict.Outcome{"a": verdict.Conformant, "b": verdict.NonConformant}), on("a"), report.Failed},
		{"calls from both clusters fail", with(map[string]verdict.Outcome{"a": verdict.NonConformant, "b": verdict.NonConformant}), on("a"), report.Failed},
		{"the other cluster's calls say nothing", with(map[string]verdict.Outcome{"a": verdict.NonConformant, "b": verdict.Inconclusive}), on("a"), report.Failed},
		{"no calls say where it fails", failed, on("a"), report.Failed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := accept(row.c, []checks.Acceptance{row.by}, now)
			if got.Status != row.want || (got.Accepted != "") != (got.Status == report.Accepted) {
				t.Errorf("got %s, accepted %q, want %s", got.Status, got.Accepted, row.want)
			}
		})
	}
}

func TestUnneeded(t *testing.T) {
	a := checks.Acceptance{Scenario: "plaintext-refused", Reason: "known", Owner: "me"}
	for status, want := range map[report.Status]int{report.Passed: 1, report.Accepted: 0, report.Skipped: 0, report.Errored: 0} {
		if got := unneeded([]report.Case{{ID: a.Scenario, Status: status}}, []checks.Acceptance{a}); len(got) != want {
			t.Errorf("%s: got %q, want %d notes", status, got, want)
		}
	}
}
