package report

import "slices"

// severityWarning is Finding.Severity of what need not be broken.
const severityWarning = "warning"

// findingGroup is findings of one kind under one heading. What is accepted is folded to a line.
type findingGroup struct {
	Heading  string
	Accepted bool
	Findings []Finding
}

// grouped tells what is broken from what may be looked at and from what is accepted. Groups
// without findings are left out.
func grouped(findings []Finding) []findingGroup {
	groups := []findingGroup{{Heading: "What is broken"}, {Heading: "Warnings"}, {Heading: "Accepted", Accepted: true}}
	for _, f := range findings {
		at := 0
		switch {
		case f.Accepted != "":
			at = 2
		case f.Severity == severityWarning:
			at = 1
		}
		groups[at].Findings = append(groups[at].Findings, f)
	}
	return slices.DeleteFunc(groups, func(g findingGroup) bool { return len(g.Findings) == 0 })
}
