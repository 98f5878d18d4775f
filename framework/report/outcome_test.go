package report

import (
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func TestOutcome(t *testing.T) {
	scenario := func(id string, status Status) Case {
		return Case{ID: id, Kind: KindScenario, Status: status, Message: "why"}
	}
	with := func(c Case, outcome verdict.Outcome) Case {
		c.Samples = []Sample{{Source: "cluster1", Verdict: verdict.Verdict{Outcome: outcome}}}
		return c
	}
	accepted := scenario("gateway-crossing", Accepted)
	accepted.Accepted = "by me until 2027-03-31 (known)"
	cleanup := func(status Status) Case {
		return Case{ID: "undo", Kind: KindCleanup, Status: status, Message: "left over"}
	}
	passed, stepDone := scenario("both-directions", Passed), step("gateway", "gateway", "cluster1", Passed)

	rows := []struct {
		name   string
		cases  []Case
		want   verdict.Outcome
		reason string
	}{
		{"nothing ran", nil, verdict.Inconclusive, "no required scenario ran"},
		{"steps only", []Case{stepDone}, verdict.Inconclusive, "no required scenario ran"},
		{"only unsupported scenarios", []Case{stepDone, scenario("any-number-of-clusters", Unsupported)}, verdict.Inconclusive, "no required scenario ran"},
		{"all passed", []Case{stepDone, passed, scenario("gateway-crossing", Passed), cleanup(Passed)}, verdict.Conformant, "2 of 2 required scenarios passed"},
		{"one unsupported", []Case{passed, scenario("any-number-of-clusters", Unsupported)}, verdict.Conformant, "1 of 1 required scenarios passed"},
		{"a required one skipped", []Case{passed, scenario("gateway-crossing", Skipped)}, verdict.Inconclusive, "scenario gateway-crossing was skipped: why"},
		{"one failed", []Case{passed, scenario("gateway-crossing", Failed)}, verdict.NonConformant, "scenario gateway-crossing failed: why"},
		{"one failed and accepted", []Case{passed, accepted}, verdict.Conformant, "1 of 2 required scenarios passed; scenario gateway-crossing failed and is accepted by me until 2027-03-31 (known): why"},
		{"only an accepted one", []Case{accepted}, verdict.Inconclusive, "no required scenario passed: there is nothing to conclude from; scenario gateway-crossing failed and is accepted"},
		{"one accepted, another failed", []Case{passed, accepted, scenario("plaintext-refused", Failed)}, verdict.NonConformant, "plaintext-refused failed"},
		{"one errored", []Case{passed, scenario("gateway-crossing", Errored)}, verdict.Inconclusive, "scenario gateway-crossing could not tell: why"},
		{"failed beats errored", []Case{scenario("both-directions", Errored), scenario("gateway-crossing", Failed)}, verdict.NonConformant, "gateway-crossing failed"},
		{"a step failed", []Case{step("gateway", "gateway", "cluster2", Failed), scenario("both-directions", Skipped), scenario("gateway-crossing", Skipped)}, verdict.NonConformant, "step gateway on cluster2 failed; 2 required cases were skipped"},
		{"a step errored", []Case{step("gateway", "gateway", "cluster2", Errored), scenario("both-directions", Skipped)}, verdict.Inconclusive, "step gateway on cluster2 could not tell"},
		{"a step skipped", []Case{step("gateway", "gateway", "cluster2", Skipped), passed}, verdict.Conformant, "1 of 1"},
		{"something was left behind", []Case{passed, cleanup(Failed)}, verdict.Inconclusive, "cleanup undo failed: left over"},
		{"nothing was cleaned up", []Case{passed, cleanup(Skipped)}, verdict.Inconclusive, "cleanup undo was skipped"},
		{"a case without a status", []Case{passed, scenario("gateway-crossing", "")}, verdict.Inconclusive, `unknown status ""`},
		{"passed against its sample", []Case{with(passed, verdict.NonConformant)}, verdict.NonConformant, `its sample from "cluster1" is non-conformant`},
		{"passed without a sound sample", []Case{with(passed, verdict.Inconclusive)}, verdict.Inconclusive, "is inconclusive"},
		{"passed with an unjudged sample", []Case{with(passed, "")}, verdict.Inconclusive, "is inconclusive"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, reasons := Outcome(row.cases)
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
			if all := strings.Join(reasons, "; "); !strings.Contains(all, row.reason) {
				t.Errorf("got reasons %q, want %q", all, row.reason)
			}
		})
	}
}
