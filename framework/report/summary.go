package report

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// bar is one line of a sample's histogram.
type bar struct {
	Label string
	// Versions are those that were expected to answer and that the bar counts.
	Versions []string
	Count    int
	Part     float64 // of the calls, 0 to 1
	// Good is true for a version that was expected to answer.
	Good bool
	// Want is the promised part, and Accept the interval that was judged
	// against; both zero where nothing was promised.
	Want   float64
	Accept verdict.Interval
	Judged bool // whether Accept is set
}

// histogram counts the calls of a sample: the promised versions in their
// order, then strangers, then everything that was not an answer.
func histogram(s Sample) []bar {
	versions, others := map[string]int{}, map[string]int{}
	for _, c := range s.Calls {
		if c.Version != "" && c.Status == http.StatusOK {
			versions[c.Version]++
		} else {
			others[noAnswer(c)]++
		}
	}
	var bars []bar
	for _, share := range s.Verdict.Expectation.Shares {
		b := bar{Label: share.Version, Versions: share.Versions(), Good: true, Want: share.Part}
		for _, version := range b.Versions {
			b.Count += versions[version]
			delete(versions, version)
		}
		b.Accept, b.Judged = interval(s.Verdict.Accept, share.Version)
		bars = append(bars, b)
	}
	for _, v := range slices.Sorted(maps.Keys(versions)) {
		bars = append(bars, bar{Label: v + " (not expected)", Count: versions[v]})
	}
	for _, label := range slices.Sorted(maps.Keys(others)) {
		bars = append(bars, bar{Label: label, Count: others[label]})
	}
	for i := range bars {
		if len(s.Calls) > 0 {
			bars[i].Part = float64(bars[i].Count) / float64(len(s.Calls))
		}
	}
	return bars
}

func interval(all []verdict.Interval, version string) (verdict.Interval, bool) {
	for _, i := range all {
		if i.Version == version {
			return i, true
		}
	}
	return verdict.Interval{}, false
}

// noAnswer names what a call got that was not a good answer.
func noAnswer(c Call) string {
	switch {
	case c.Unsound:
		return "lost by the probe"
	case c.Status == 0:
		return "no answer"
	case c.Status == http.StatusOK:
		return "status 200, ill-formed"
	default:
		return fmt.Sprintf("status %d", c.Status)
	}
}

// latency sums up how long the calls of a sample took. Calls that failed
// count: a stall of ten seconds is often all that retries let one see.
type latency struct{ Min, P50, P99, Max time.Duration }

// latencies returns false when there is no call to measure.
func latencies(s Sample) (latency, bool) {
	var all []time.Duration
	for _, c := range s.Calls {
		if !c.Unsound {
			all = append(all, c.Latency)
		}
	}
	if len(all) == 0 {
		return latency{}, false
	}
	slices.Sort(all)
	return latency{Min: all[0], P50: rank(all, 50), P99: rank(all, 99), Max: all[len(all)-1]}, true
}

// rank is the nearest-rank percentile of sorted values that are not empty.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

// tally counts cases by status.
func tally(cases []Case) map[Status]int {
	counts := map[Status]int{}
	for _, c := range cases {
		counts[c.Status]++
	}
	return counts
}

// statuses is the order in which counts of cases are given.
func statuses() []Status { return []Status{Passed, Failed, Accepted, Errored, Skipped, Unsupported} }

// countsText is "3 passed, 1 failed".
func countsText(cases []Case) string {
	counts := tally(cases)
	var words []string
	for _, status := range statuses() {
		if n := counts[status]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, status))
		}
	}
	return strings.Join(words, ", ")
}
