package checks

import (
	"fmt"
	"strings"
)

// layers are the titles of the parts of the catalogue, by the two digits of the IDs.
func layers() []struct{ digits, title string } {
	return []struct{ digits, title string }{
		{"01", "Access"},
		{"02", "Install"},
		{"03", "Revision and injection"},
		{"04", "Network and gateway"},
		{"05", "Discovery"},
		{"06", "Trust"},
		{"07", "Policy and routing"},
		{"08", "Traffic"},
		{"09", "Upgrade"},
	}
}

// Text explains a check at a terminal.
func (c Check) Text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s (%s): %s\n\n", c.ID, c.Severity, c.Title)
	fmt.Fprintf(&out, "asks:     %s\nmatters:  %s\n", c.Question, c.Why)
	if c.Firm {
		out.WriteString("stands:   also while calls work: proxies go on with what they know until something restarts\n")
	}
	if len(c.Related) > 0 {
		fmt.Fprintf(&out, "related:  %s\n", strings.Join(c.Related, ", "))
	}
	fmt.Fprintf(&out, "source:   %s\n", c.Source)
	return out.String()
}

// Markdown is the catalogue as a page of the docs.
func Markdown() string {
	var out strings.Builder
	out.WriteString("# Checks\n\nWhat `eastwest diagnose` asks of a mesh. This page is printed by `eastwest explain -o markdown`; a test keeps it so.\n\n" +
		"An error means that calls fail, or will as soon as something restarts; a warning that they work and something will break them, or part of them, later. " +
		"Calls that were seen to work make warnings of errors about their way, but for those marked *firm*: there, proxies go on with what they know until something restarts.\n\n" +
		"Where HelloWorld and Sleep run, calls are made from every cluster: as many as it takes that all of them together blame a sound mesh with a probability of at most 1 in 1,000,000 (23 from each of two clusters, 61 from each of four, more where clusters outside of the fleet take their part). Everything else is read, and decides by what is there.\n")
	for _, layer := range layers() {
		written := false
		for _, check := range All() {
			if check.Layer() != layer.digits {
				continue
			}
			if !written {
				fmt.Fprintf(&out, "\n## %s\n", layer.title)
				written = true
			}
			check.markdown(&out)
		}
	}
	return out.String()
}

func (c Check) markdown(out *strings.Builder) {
	severity := string(c.Severity)
	if c.Firm {
		severity += ", firm"
	}
	fmt.Fprintf(out, "\n### %s %s\n\n%s (%s)\n\n%s\n\nSource: %s\n", c.ID, c.Title, c.Question, severity, c.Why, c.Source)
	if len(c.Related) > 0 {
		fmt.Fprintf(out, "\nRelated: %s\n", strings.Join(c.Related, ", "))
	}
}
