package upgrade

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/redact"
)

// Ticket is one page of Markdown for a change ticket: scope, verdicts, what stands in the way
// and how it is mended, what was not looked at.
func (v Verdict) Ticket() string {
	var out strings.Builder
	line := func(text string) { out.WriteString(redact.Printable(text) + "\n") }
	line(fmt.Sprintf("# Istio %s -> %s", v.From, v.To))
	line("")
	line(v.Scope() + ".")
	line("")
	line("| step | verdict | now |")
	line("|---|---|---|")
	for _, step := range v.Steps {
		line(fmt.Sprintf("| %s | **%s** | %s |", step.Title, strings.ToUpper(string(step.Outcome)), cell(step.State)))
	}
	line("")
	for _, step := range v.Steps {
		if step.Outcome == Go {
			continue
		}
		line(fmt.Sprintf("%s, why: %s", v.Headline(step), cell(shown(step.Why))))
		line("")
	}
	for _, severity := range []checks.Severity{checks.Error, checks.Warning} {
		for _, f := range v.Findings {
			if f.Severity == severity {
				line(fmt.Sprintf("- **%s %s** (%s): %s. To do: %s", f.Severity, f.Check, f.Cluster, cell(f.Found), cell(f.Fix.Text)))
			}
		}
	}
	for _, a := range v.Accepted {
		line("- accepted: " + cell(a.String()))
	}
	line("")
	line("Not looked at: " + strings.Join(v.NotLookedAt, "; ") + ".")
	return out.String()
}

// shown are the first reasons.
func shown(why []string) string {
	if len(why) > mostReasons {
		return strings.Join(why[:mostReasons], "; ") + fmt.Sprintf("; and %d more", len(why)-mostReasons)
	}
	return strings.Join(why, "; ")
}

// cell keeps text from ending a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }
