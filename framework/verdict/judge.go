package verdict

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Judge weighs one sample from one source cluster.
//
// It is inconclusive when the probe lost track of a call, when the counts do
// not add up, when the expectation is impossible, or when nothing is wrong but
// the sample is smaller than RequiredSize. It is non-conformant for any status
// other than 200, any ill-formed answer, a version unseen or unknown, and a
// count outside its interval. Reasons hold everything that was found, not the
// first thing only; a conformant verdict says in its reason what was counted.
func Judge(e Expectation, c Counts) Verdict {
	v := Verdict{Outcome: Inconclusive, Expectation: e, Counts: c}
	required, err := RequiredSize(e)
	if err != nil {
		v.Reasons = []string{fmt.Sprintf("the expectation cannot be judged against: %v", err)}
		return v
	}
	if doubts := unsound(c); len(doubts) > 0 {
		// What the mesh seems to have done wrong is reported too: it helps to find out why.
		v.Reasons = append(doubts, badAnswers(c)...)
		return v
	}
	v.Accept = intervals(e, c.Sent)
	enough := c.Sent >= required
	wrong := slices.Concat(badAnswers(c), strangers(e, c), shares(v, enough))
	switch {
	case len(wrong) > 0:
		v.Outcome, v.Reasons = NonConformant, wrong
	case !enough:
		v.Reasons = []string{tooSmall(e, c.Sent, required)}
	default:
		v.Outcome, v.Reasons = Conformant, []string{counted(v)}
	}
	return v
}

// unsound lists why the counts cannot be trusted.
func unsound(c Counts) []string {
	var why []string
	statuses, answers := 0, 0
	negative := c.Sent < 0 || c.Unsound < 0
	for _, n := range c.Statuses {
		statuses, negative = statuses+n, negative || n < 0
	}
	for _, n := range c.Versions {
		answers, negative = answers+n, negative || n < 0
	}
	if negative {
		why = append(why, "a count is negative")
	}
	if c.Sent == 0 {
		why = append(why, "no call was sent")
	}
	if c.Unsound > 0 {
		return append(why, fmt.Sprintf("the probe lost track of %d of %d calls", c.Unsound, c.Sent))
	}
	if statuses != c.Sent {
		why = append(why, fmt.Sprintf("%d calls were sent but %d have a status: the counts do not add up", c.Sent, statuses))
	}
	if ok := c.Statuses[http.StatusOK]; answers > ok {
		why = append(why, fmt.Sprintf("%d answers name a version but only %d have status 200: the counts do not add up", answers, ok))
	}
	return why
}

// badAnswers lists every status that is not 200, and answers of status 200
// that name no version.
func badAnswers(c Counts) []string {
	var wrong []string
	for _, status := range slices.Sorted(maps.Keys(c.Statuses)) {
		n := c.Statuses[status]
		switch {
		case n == 0 || status == http.StatusOK:
		case status == 0:
			wrong = append(wrong, fmt.Sprintf("%d of %d calls got no answer", n, c.Sent))
		default:
			wrong = append(wrong, fmt.Sprintf("%d of %d calls got status %d, want 200", n, c.Sent, status))
		}
	}
	answers := 0
	for _, n := range c.Versions {
		answers += n
	}
	if blank := c.Statuses[http.StatusOK] - answers; blank > 0 {
		wrong = append(wrong, fmt.Sprintf("%d of %d calls got status 200 without a well-formed answer", blank, c.Sent))
	}
	return wrong
}

// strangers lists versions that answered although nobody expects them.
func strangers(e Expectation, c Counts) []string {
	var wrong []string
	for _, version := range slices.Sorted(maps.Keys(c.Versions)) {
		known := slices.ContainsFunc(e.Shares, func(s Share) bool { return slices.Contains(s.Versions(), version) })
		if n := c.Versions[version]; n > 0 && !known {
			wrong = append(wrong, fmt.Sprintf("version %q answered %d of %d calls, but it is not expected here", version, n, c.Sent))
		}
	}
	return wrong
}

// shares lists versions that were never seen, or not as often as promised. In
// a sample that is not large enough, an unseen version is evidence only where
// its interval excludes zero.
func shares(v Verdict, enough bool) []string {
	var wrong []string
	for i, s := range v.Expectation.Shares {
		n, accept := s.count(v.Counts), v.Accept[i]
		switch {
		case n == 0 && (enough || accept.Low > 0):
			wrong = append(wrong, fmt.Sprintf("version %q never answered in %d calls, want about %s", s.Version, v.Counts.Sent, percent(s.Part)))
		case n < accept.Low || n > accept.High:
			wrong = append(wrong, fmt.Sprintf("version %q answered %d of %d calls (%s), want %s: %d to %d calls",
				s.Version, n, v.Counts.Sent, percent(float64(n)/float64(v.Counts.Sent)), percent(s.Part), accept.Low, accept.High))
		}
	}
	return wrong
}

func tooSmall(e Expectation, sent, required int) string {
	reason := fmt.Sprintf("%d calls are too few for an error probability of %g: want at least %d", sent, e.ErrorProbability, required)
	if miss, err := MissProbability(e, sent); err == nil {
		reason += fmt.Sprintf("; a sound mesh would leave a version unseen with probability %.2g", miss)
	}
	return reason
}

// counted says what a conformant sample rests on.
func counted(v Verdict) string {
	parts := make([]string, len(v.Expectation.Shares))
	for i, s := range v.Expectation.Shares {
		parts[i] = fmt.Sprintf("%s %d", s.Version, s.count(v.Counts))
	}
	return fmt.Sprintf("all %d calls were answered with status 200: %s", v.Counts.Sent, strings.Join(parts, ", "))
}

func percent(part float64) string { return fmt.Sprintf("%.3g %%", 100*part) }
