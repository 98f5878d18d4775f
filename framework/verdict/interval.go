package verdict

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// Trial is a number of calls of which one version is promised a part.
type Trial struct {
	Calls int
	Part  float64 // of 1
	// ErrorProbability is the chance, over both tails, that a sound mesh gives
	// a count outside the interval.
	ErrorProbability float64
}

// Accept is the two-sided exact binomial interval of counts that a sound mesh
// gives, but for the error probability: each tail outside has at most half of it.
// The version of the interval is left empty.
func Accept(t Trial) Interval {
	outside, n := t.ErrorProbability/2, t.Calls
	of := tail{calls: n, part: t.Part}
	// Both tails shrink as the bound moves outwards, so bisection finds it.
	low := sort.Search(n+1, func(k int) bool { return of.below(k) > outside }) - 1
	high := sort.Search(n, func(k int) bool { return of.above(k) <= outside })
	return Interval{Low: max(low, 0), High: high}
}

// intervals is Accept for every version of a valid expectation.
func intervals(e Expectation, calls int) []Interval {
	accept := make([]Interval, len(e.Shares))
	for i, s := range e.Shares {
		accept[i] = Accept(Trial{Calls: calls, Part: s.Part, ErrorProbability: e.intervalBudget()})
		accept[i].Version = s.Version
	}
	return accept
}

// tail gives the probabilities of a binomial count.
type tail struct {
	calls int
	part  float64
}

// below is the chance of fewer than k.
func (t tail) below(k int) float64 {
	switch {
	case k <= 0:
		return 0
	case k > t.calls:
		return 1
	case t.part >= 1:
		return 0
	case t.part <= 0:
		return 1
	}
	return math.Min(1, distuv.Binomial{N: float64(t.calls), P: t.part}.CDF(float64(k-1)))
}

// above is the chance of more than k: of fewer than n-k that are something else.
// Taken from that side, small chances keep their precision.
func (t tail) above(k int) float64 {
	return tail{calls: t.calls, part: 1 - t.part}.below(t.calls - k)
}
