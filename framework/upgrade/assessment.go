package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/redact"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// Assessment is the verdict in the form that reports are rendered from, up to a step: those
// after it are not judged before their time. Empty means all steps.
func (v Verdict) Assessment(upTo StepID) report.Assessment {
	a := report.Assessment{
		Name: "upgrade", Title: fmt.Sprintf("Istio %s -> %s", v.From, v.To), Scope: redact.Printable(v.Scope()), At: v.Taken,
		NotLookedAt: v.NotLookedAt,
	}
	for _, s := range v.Steps {
		a.Steps = append(a.Steps, report.AssessedStep{
			ID: string(s.Step), Title: s.Title, Status: statusOf(s.Outcome), Outcome: strings.ToUpper(string(s.Outcome)), State: s.State, Why: printable(s.Why),
		})
		if s.Step == upTo {
			break
		}
	}
	for _, answered := range v.Answers {
		a.Checks = append(a.Checks, v.caseOf(answered))
	}
	for _, severity := range []checks.Severity{checks.Error, checks.Warning, checks.Info} {
		for _, f := range v.Findings {
			if f.Severity == severity {
				a.Findings = append(a.Findings, findingOf(f))
			}
		}
	}
	for _, accepted := range v.Accepted {
		f := findingOf(accepted.Finding)
		f.Accepted = redact.Printable(accepted.By.By())
		a.Findings = append(a.Findings, f)
	}
	if v.compared != nil {
		a.Compared = v.compared.Cases
	}
	return a
}

func findingOf(f checks.Finding) report.Finding {
	return report.Finding{
		Check: f.Check, Severity: string(f.Severity), Title: f.Title, Cluster: f.Cluster, Found: redact.Printable(f.Found), Want: redact.Printable(f.Want),
		Fix: redact.Printable(f.Fix.Text), Commands: printable(f.Fix.Commands),
	}
}

func statusOf(o Outcome) report.Status {
	switch o {
	case Go:
		return report.Passed
	case NoGo:
		return report.Failed
	case CouldNotTell:
	}
	return report.Errored
}

// caseOf is a check as a case: failed with its first error, errored where it could not look.
func (v Verdict) caseOf(a Answered) report.Case {
	c := report.Case{ID: a.Check, Name: a.Question, Kind: report.KindCheck, Status: report.Passed, Start: v.Taken}
	if i := slices.IndexFunc(v.Unread, func(u Unread) bool { return u.Check == a.Check }); i >= 0 {
		c.Status, c.Message = report.Errored, redact.Printable(v.Unread[i].Cluster+": could not read: "+v.Unread[i].String())
	}
	for _, f := range v.Findings {
		if f.Check != a.Check {
			continue
		}
		c.Notes = append(c.Notes, redact.Printable(fmt.Sprintf("%s: %s", f.Severity, f.Found)))
		if f.Severity == checks.Error && c.Status != report.Failed {
			c.Status, c.Message, c.Promise = report.Failed, redact.Printable(f.Cluster+": "+f.Found), redact.Printable(f.Want)
		}
	}
	return c
}

func printable(all []string) []string {
	clean := make([]string, 0, len(all))
	for _, text := range all {
		clean = append(clean, redact.Printable(text))
	}
	return clean
}
