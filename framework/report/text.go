package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/eastwest-mesh/eastwest/framework/redact"
)

// short prints a duration with about three digits, so that columns stay narrow.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return "0s"
	case d < time.Millisecond:
		return d.Round(time.Microsecond).String()
	case d < time.Second:
		return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'g', 3, 64) + "ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	default:
		return d.Round(time.Second).String()
	}
}

func percent(part float64) string { return strconv.FormatFloat(100*part, 'f', 1, 64) + " %" }

// clean makes a string that came from a cluster safe to print.
func clean(s string) string { return redact.Printable(s) }

// wrap breaks a cleaned text into lines of at most width runes; a longer word
// keeps a line to itself.
func wrap(s string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(s) {
		n := utf8.RuneCountInString(word)
		if used > 0 && used+1+n > width {
			lines, line, used = append(lines, line), "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+n
	}
	if used > 0 {
		lines = append(lines, line)
	}
	return lines
}

// histogramText draws a sample in plain characters, for JUnit's system-out.
func histogramText(s Sample) string {
	var b strings.Builder
	fmt.Fprintf(&b, "from %s: %d calls to %s, converged in %s: %s\n", clean(s.Source), len(s.Calls), clean(s.URL), short(s.Converge), s.Judgement())
	for _, bar := range histogram(s) {
		fmt.Fprintf(&b, "  %s\n", barText(bar, 20))
	}
	if l, ok := latencies(s); ok {
		fmt.Fprintf(&b, "  latency min %s, p50 %s, p99 %s, max %s\n", short(l.Min), short(l.P50), short(l.P99), short(l.Max))
	}
	for _, reason := range s.Verdict.Reasons {
		fmt.Fprintf(&b, "  %s\n", clean(reason))
	}
	return b.String()
}

// barText is one histogram line with a bar of at most width characters.
func barText(b bar, width int) string {
	filled := int(b.Part*float64(width) + 0.5)
	text := fmt.Sprintf("%-12s %5d %8s  %s%s", clean(b.Label), b.Count, percent(b.Part),
		strings.Repeat("#", filled), strings.Repeat(".", width-filled))
	switch {
	case b.Judged:
		text += fmt.Sprintf("  want %s, %d to %d", percent(b.Want), b.Accept.Low, b.Accept.High)
	case b.Good:
		text += fmt.Sprintf("  want %s", percent(b.Want))
	}
	return text
}
