package upgrade

import (
	"fmt"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/redact"
)

// Headline is the verdict of a step in a sentence with its scope.
func (v Verdict) Headline(step StepVerdict) string {
	return fmt.Sprintf("%s: %s", strings.ToUpper(string(step.Outcome)), lowerFirst(step.Title))
}

// Scope says for what the verdict holds.
func (v Verdict) Scope() string {
	version := ""
	if v.Version != "" {
		version = " (" + v.Version + ")"
	}
	text := fmt.Sprintf("%s -> %s%s on %s, as they were at %s", v.From, v.To, version, strings.Join(v.Clusters, ", "), v.Taken.UTC().Format(time.RFC3339))
	if v.Measured != "" {
		return text + "; " + v.Measured
	}
	return text + "; looked at only, nothing was called"
}

// Text shows the verdict to a reader: the steps, then what was found, each error with its fix.
func (v Verdict) Text() string {
	var out strings.Builder
	line := func(lead, text string) { out.WriteString(lead + redact.Printable(text) + "\n") }
	line("", v.Scope())
	for _, step := range v.Steps {
		line("", "")
		line("", fmt.Sprintf("%-14s %s (%s)", strings.ToUpper(string(step.Outcome)), step.Title, step.State))
		for i, why := range step.Why {
			if i == mostReasons {
				line("               ", fmt.Sprintf("and %d more", len(step.Why)-mostReasons))
				break
			}
			line("               ", why)
		}
	}
	for _, severity := range []checks.Severity{checks.Error, checks.Warning, checks.Info} {
		for _, f := range v.Findings {
			if f.Severity == severity {
				line("", "")
				writeFinding(line, f)
			}
		}
	}
	if len(v.Accepted) > 0 {
		line("", "")
		line("", "Accepted by the fleet file:")
		for _, a := range v.Accepted {
			line("  - ", a.String())
		}
	}
	line("", "")
	line("", "Not looked at:")
	for _, what := range v.NotLookedAt {
		line("  - ", what)
	}
	return out.String()
}

// mostReasons is how many reasons of a step are shown; all are in the JSON.
const mostReasons = 4

func writeFinding(line func(lead, text string), f checks.Finding) {
	line("", fmt.Sprintf("%s %s: %s [%s]", f.Severity, f.Check, f.Title, f.Cluster))
	line("  found: ", f.Found)
	if f.Want != "" {
		line("  want:  ", f.Want)
	}
	if f.Fix.Text != "" {
		line("  fix:   ", f.Fix.Text)
	}
	for _, command := range f.Fix.Commands {
		line("         $ ", command)
	}
}

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }
