package diagnose

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/redact"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// Text shows the diagnosis to a reader: causes with what follows from them, warnings,
// notes, then what is not judged and what could not be read.
func (d Diagnosis) Text() string {
	var out strings.Builder
	out.WriteString(d.summary() + "\n")
	for _, expired := range d.Expired {
		writeLine(&out, "error: ", fmt.Sprintf("an acceptance has expired; renew it in the fleet file or take it out: %s", expired))
	}
	for _, cause := range d.Causes {
		writeFinding(&out, cause.Finding)
		if cause.Accepted != nil {
			writeLine(&out, "  after: ", fmt.Sprintf("%s, explains this; accept this, too, where that is meant", cause.Accepted.By))
		}
		for _, follows := range cause.Consequences {
			writeLine(&out, "  so:    ", follows.Check+" "+located(follows))
		}
	}
	for _, finding := range d.Warnings {
		writeFinding(&out, finding)
	}
	for _, note := range d.Notes {
		writeLine(&out, "note:  ", note.Check+" "+located(note))
	}
	for _, cluster := range d.Silent {
		writeLine(&out, "note:  ", fmt.Sprintf("no calls were made from %s: no Sleep pod is ready there", cluster))
	}
	for _, accepted := range d.Accepted {
		writeLine(&out, "accepted: ", fmt.Sprintf("%s %s [%s until %s: %s]", accepted.Check, located(accepted.Finding), accepted.By.Owner, accepted.By.Until.Format(checks.Day), accepted.By.Reason))
	}
	for _, unmatched := range d.Unmatched {
		writeLine(&out, "note:  ", fmt.Sprintf("nothing was found that is %s; take it out of the fleet file once it is not needed", unmatched))
	}
	for _, u := range d.Unsupported {
		writeLine(&out, "not judged: ", fmt.Sprintf("%s (%s): %s", u.Cluster, u.Kind, u.Found))
	}
	for _, unread := range d.Unread {
		writeLine(&out, "could not read: ", unread.Cluster+": "+unread.Unknown.String())
	}
	return out.String()
}

func (d Diagnosis) summary() string {
	asked := fmt.Sprintf("%d checks, %d clusters, %d calls", d.Asked, d.Clusters, d.Calls)
	switch {
	case len(d.Causes) == 0 && len(d.Expired) > 0:
		return fmt.Sprintf("No error was found, and %s (%s).", count(len(d.Expired), "expired acceptance"), asked)
	case !d.Healthy():
		return fmt.Sprintf("Broken: %s (%s).", count(len(d.Causes), "cause"), asked)
	case len(d.Unsupported) > 0:
		return fmt.Sprintf("No error was found in what is supported; %s of %d not judged (%s).", count(len(d.Unsupported), "cluster"), d.Clusters, asked)
	case len(d.Unanswered) > 0:
		return fmt.Sprintf("No error was found, but %s could not be answered everywhere: %s (%s).", count(len(d.Unanswered), "check"), strings.Join(d.Unanswered, ", "), asked)
	case len(d.Warnings) > 0:
		return fmt.Sprintf("No error was found, and %s (%s).", count(len(d.Warnings), "warning"), asked)
	}
	return fmt.Sprintf("No error was found (%s).", asked)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func writeFinding(out *strings.Builder, f checks.Finding) {
	head := fmt.Sprintf("%s %s: %s", f.Severity, f.Check, f.Title)
	if f.Cluster != "" {
		head += " [" + f.Cluster + "]"
	}
	writeLine(out, "", head)
	if len(f.Pairs) > 0 {
		writeLine(out, "  calls: ", strings.Join(pairs(f), ", "))
	}
	writeLine(out, "  found: ", f.Found)
	if f.Want != "" {
		writeLine(out, "  want:  ", f.Want)
	}
	if f.Fix.Text != "" {
		writeLine(out, "  fix:   ", f.Fix.Text)
	}
	for _, command := range f.Fix.Commands {
		writeLine(out, "         $ ", command)
	}
	writeLine(out, "  more:  ", "eastwest explain "+f.Check)
}

// located is what was found, and on which cluster.
func located(f checks.Finding) string {
	if f.Cluster == "" {
		return f.Found
	}
	return f.Cluster + ": " + f.Found
}

// writeLine writes a line of what may come from a cluster.
func writeLine(out *strings.Builder, lead, text string) {
	out.WriteString(lead + redact.Printable(text) + "\n")
}

func pairs(f checks.Finding) []string {
	var all []string
	for _, pair := range f.Pairs {
		all = append(all, pair.String())
	}
	return all
}

// Findings are the causes, each before what follows from it, then the warnings, as a report
// has them.
func (d Diagnosis) Findings() []report.Finding {
	var all []report.Finding
	for _, cause := range d.Causes {
		all = append(all, reported(cause.Finding, ""))
		for _, follows := range cause.Consequences {
			all = append(all, reported(follows, cause.Check))
		}
	}
	for _, warning := range d.Warnings {
		all = append(all, reported(warning, ""))
	}
	for _, accepted := range d.Accepted {
		finding := reported(accepted.Finding, "")
		finding.Accepted = accepted.By.By()
		all = append(all, finding)
	}
	return all
}

func reported(f checks.Finding, because string) report.Finding {
	return report.Finding{
		Check: f.Check, Title: f.Title, Severity: string(f.Severity), Cluster: f.Cluster, Pairs: pairs(f), Because: because,
		Found: f.Found, Want: f.Want, Fix: f.Fix.Text, Commands: f.Fix.Commands,
	}
}
