package report

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// Outcome derives the outcome of a run from its cases, and says why.
//
//   - A failed step or scenario, or one with a non-conformant sample: non-conformant.
//   - An errored case, an inconclusive sample, a skipped scenario that is not
//     optional, a clean-up that did not pass: inconclusive.
//   - No required scenario that passed: inconclusive. Success is counted,
//     never inferred from the absence of failures.
//   - A scenario that failed and is accepted counts for nothing, but is named in the
//     reasons. It is no success either.
//   - An unsupported case is one that this cell or fleet cannot have; it
//     counts for nothing.
//
// The worse of these decides, as in verdict.Combine.
func Outcome(cases []Case) (verdict.Outcome, []string) {
	var (
		outcomes         []verdict.Outcome
		reasons, skipped []string
		passed, required int
	)
	for _, c := range cases {
		if c.required() {
			required++
			if c.Status == Passed {
				passed++
			}
		}
		outcome, reason := judgeCase(c)
		outcomes = append(outcomes, outcome)
		switch {
		case outcome == verdict.Conformant:
		case c.Status == Skipped:
			skipped = append(skipped, reason)
		default:
			reasons = append(reasons, reason)
		}
	}
	if passed == 0 {
		outcomes = append(outcomes, verdict.Inconclusive)
	}
	reasons = append(reasons, skips(skipped, len(reasons) > 0)...)
	combined := verdict.Combine(outcomes)
	switch {
	case combined == verdict.Conformant:
		reasons = append([]string{fmt.Sprintf("%d of %d required scenarios passed", passed, required)}, acceptances(cases)...)
	case len(reasons) == 0 && len(acceptances(cases)) > 0:
		reasons = append([]string{"no required scenario passed: there is nothing to conclude from"}, acceptances(cases)...)
	case len(reasons) == 0:
		reasons = []string{"no required scenario ran: there is nothing to conclude from"}
	}
	return combined, reasons
}

// Conclude is the outcome of a whole run: that of its cases, or rehearsed where they are
// conformant and the platform was imitated.
func Conclude(r Run) (verdict.Outcome, []string) {
	outcome, reasons := Outcome(r.Cases)
	if outcome == verdict.Conformant && r.Cell.Rehearsal {
		outcome = verdict.Rehearsed
	}
	return outcome, reasons
}

// acceptances names the cases that failed and are accepted.
func acceptances(cases []Case) []string {
	var named []string
	for _, c := range cases {
		if c.Status == Accepted {
			named = append(named, sentence(c, "failed and is accepted "+c.Accepted))
		}
	}
	return named
}

// required reports whether a conformant outcome needs this case to pass.
func (c Case) required() bool {
	return c.Kind == KindScenario && c.Status != Unsupported
}

// skips tells of skipped cases one by one, or, where something worse explains
// them, in one sentence.
func skips(skipped []string, explained bool) []string {
	if explained && len(skipped) > 1 {
		return []string{fmt.Sprintf("%d required cases were skipped", len(skipped))}
	}
	return skipped
}

// judgeCase returns what one case means for the run: conformant when it does not stand in the way.
func judgeCase(c Case) (verdict.Outcome, string) {
	switch c.Status {
	case Passed:
		return judgeSamples(c)
	case Failed:
		if c.Kind == KindCleanup {
			// The mesh may be well; but the fleet is not as it was found.
			return verdict.Inconclusive, sentence(c, "failed")
		}
		return verdict.NonConformant, sentence(c, "failed")
	case Errored:
		return verdict.Inconclusive, sentence(c, "could not tell")
	case Skipped:
		if c.required() || c.Kind == KindCleanup {
			return verdict.Inconclusive, sentence(c, "was skipped")
		}
		return verdict.Conformant, ""
	case Unsupported, Accepted:
		return verdict.Conformant, ""
	default:
		return verdict.Inconclusive, sentence(c, fmt.Sprintf("has the unknown status %q", c.Status))
	}
}

// judgeSamples does not let a case pass against its own samples.
func judgeSamples(c Case) (verdict.Outcome, string) {
	for _, want := range []verdict.Outcome{verdict.NonConformant, verdict.Inconclusive} {
		for _, s := range c.Samples {
			if verdict.Combine([]verdict.Outcome{s.Verdict.Outcome}) == want {
				return want, sentence(c, fmt.Sprintf("passed, but its sample from %q is %s", s.Source, want))
			}
		}
	}
	return verdict.Conformant, ""
}

// Judgement tells what became of a sample: "as promised", "non-conformant",
// "inconclusive". Conformant is only ever a whole run.
func (s Sample) Judgement() string {
	if s.Verdict.Outcome == verdict.Conformant {
		return "as promised"
	}
	return string(s.Verdict.Outcome)
}

// sentence is "scenario both-directions (both versions answer) on cluster1 failed: why".
func sentence(c Case, what string) string {
	s := fmt.Sprintf("%s %s", c.Kind, c.label())
	if c.Cluster != "" {
		s += " on " + c.Cluster
	}
	s += " " + what
	if c.Message != "" {
		s += ": " + c.Message
	}
	return s
}

// label is the ID and the name of a case, once if they are the same.
func (c Case) label() string {
	switch {
	case c.Name == "" || c.Name == c.ID:
		return c.ID
	case c.ID == "":
		return c.Name
	default:
		return c.ID + " (" + c.Name + ")"
	}
}
