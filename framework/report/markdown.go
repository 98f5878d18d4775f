package report

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// Markdown renders the run for the summary page of a CI job, in the dialect
// that GitHub and GitLab share.
func Markdown(r Run) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %s: %s\n\n", mark(r.Outcome), md(r.title()), md(r.headline()))
	for _, sentence := range r.caveats() {
		fmt.Fprintf(&b, "> **%s**\n>\n", md(sentence))
	}
	b.WriteString("\n")
	for _, reason := range r.Reasons {
		fmt.Fprintf(&b, "- %s\n", md(reason))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "- note: %s\n", md(note))
	}
	fmt.Fprintf(&b, "\nRun %s, %d clusters, %s, %s, error probability %g for each check.\n", md(r.ID), len(r.Clusters), md(r.Cell.proxy()), short(r.Ended.Sub(r.Started)), r.ErrorProbability)
	markdownFindings(&b, r.Findings)
	markdownEvidence(&b, r.Evidence)
	markdownSamples(&b, r.Cases)
	markdownCompared(&b, r.Cases)
	markdownCases(&b, r.Cases)
	return []byte(b.String())
}

func mark(o verdict.Outcome) string {
	switch o {
	case verdict.Conformant, verdict.Rehearsed:
		return "✅"
	case verdict.NonConformant:
		return "❌"
	default:
		return "❔"
	}
}

func markdownFindings(b *strings.Builder, findings []Finding) {
	for _, group := range grouped(findings) {
		fmt.Fprintf(b, "\n### %s\n\n", group.Heading)
		for _, f := range group.Findings {
			markdownFinding(b, f)
		}
	}
}

func markdownFinding(b *strings.Builder, f Finding) {
	fmt.Fprintf(b, "- **%s**: %s", md(f.Where()), md(f.Found))
	if f.Accepted != "" {
		fmt.Fprintf(b, "<br>accepted %s\n", md(f.Accepted))
		return
	}
	if f.Want != "" {
		fmt.Fprintf(b, " (want %s)", md(f.Want))
	}
	if f.Fix != "" {
		fmt.Fprintf(b, "<br>➜ %s", md(f.Fix))
	}
	for _, command := range f.Commands {
		fmt.Fprintf(b, "<br>`%s`", strings.ReplaceAll(md(command), "`", ""))
	}
	b.WriteString("\n")
}

// markdownEvidence names the files without links: a summary is shown far from them.
func markdownEvidence(b *strings.Builder, names []string) {
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(b, "\n<details><summary>Evidence: %d files beside the report</summary>\n\n", len(names))
	for _, name := range names {
		fmt.Fprintf(b, "- %s\n", md(name))
	}
	b.WriteString("\n</details>\n")
}

func markdownSamples(b *strings.Builder, cases []Case) {
	heading := "\n### Who answered\n\n| scenario | from | calls | answers | p50 | max | verdict |\n|---|---|--:|---|--:|--:|---|\n"
	for _, c := range cases {
		for _, s := range c.Samples {
			var answers []string
			for _, bar := range histogram(s) {
				answers = append(answers, fmt.Sprintf("%s %d", md(bar.Label), bar.Count))
			}
			l, _ := latencies(s)
			fmt.Fprintf(b, "%s| %s | %s | %d | %s | %s | %s | %s |\n", heading, md(c.ID), md(s.Source), len(s.Calls),
				strings.Join(answers, ", "), short(l.P50), short(l.Max), md(s.Judgement()))
			heading = ""
		}
	}
}

// markdownCompared tells what is not well one by one, and the rest in sums.
func markdownCompared(b *strings.Builder, cases []Case) {
	for _, c := range cases {
		if c.Compared == nil {
			continue
		}
		fmt.Fprintf(b, "\n### %s\n\n%s.\n\n", md(c.ID), md(c.Compared.title()))
		for _, group := range c.Compared.byOutcome() {
			if !group.told() {
				fmt.Fprintf(b, "- %s\n", md(group.sums()))
				continue
			}
			for _, cell := range group.Cells {
				fmt.Fprintf(b, "- **%s**: %s: %s\n", md(string(group.Outcome)), md(c.Compared.cellTitle(cell)), md(cell.counts()))
			}
		}
	}
}

func markdownCases(b *strings.Builder, cases []Case) {
	if len(cases) == 0 {
		return
	}
	fmt.Fprintf(b, "\n<details><summary>%d steps and scenarios: %s</summary>\n\n", len(cases), countsText(cases))
	b.WriteString("| | case | cluster | time | |\n|---|---|---|--:|---|\n")
	for _, c := range cases {
		message := md(c.Message)
		if c.Status == Accepted {
			message += "<br>accepted " + md(c.Accepted)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", md(string(c.Status)), md(c.label()), md(c.Cluster), short(c.Duration), message)
	}
	b.WriteString("\n</details>\n")
}

// md makes foreign text safe in a table cell: one line, no markup, no HTML, no mention.
func md(s string) string {
	return strings.NewReplacer(
		"\\", "\\\\", "|", "\\|", "`", "\\`", "*", "\\*", "_", "\\_", "~", "\\~",
		"[", "\\[", "]", "\\]", "&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "&#64;", "#", "\\#",
	).Replace(clean(s))
}
