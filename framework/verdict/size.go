package verdict

import (
	"fmt"
	"math"
)

// The power that SampleSize buys. Seeing every version once is a weak check:
// 20 calls of which only one in twenty crosses the clusters see both versions
// in 64 of 100 tries. So the sample is large enough that a version which gets
// starvedPart of its promised share is caught with a chance of at least power.
const (
	starvedPart = 0.1
	power       = 0.99
)

// maxSize bounds the size of one sample: beyond it the calls of one exec take
// minutes and the expectation is better met by fewer or larger shares.
const maxSize = 100_000

// RequiredSize is the least number of calls per source cluster after which a
// version that was never seen is evidence:
//
//	n = ⌈ ln(K·S/ε') / -ln(1-p) ⌉, from S·Σ(1-p)^n ≤ ε'
//
// for K versions, S sources, the smallest part p and ε' = half the error probability.
func RequiredSize(e Expectation) (int, error) {
	if err := e.Validate(); err != nil {
		return 0, fmt.Errorf("size of the sample: %w", err)
	}
	n := coverageSize(coverage{versions: len(e.Shares), sources: e.Sources, part: e.smallest(), missing: e.missBudget()})
	if n > maxSize {
		return 0, fmt.Errorf("size of the sample: %d calls from each cluster are needed, more than %d: expect a larger smallest share or allow a larger error probability", n, maxSize)
	}
	return n, nil
}

// SampleSize is the number of calls that each source cluster must send: at
// least RequiredSize, and enough to catch a version that gets a tenth of its
// promised share with a chance of 99 %. For two versions at one half, two
// sources and ε = 1e-6 that is below 60.
func SampleSize(e Expectation) (int, error) {
	required, err := RequiredSize(e)
	if err != nil {
		return 0, err
	}
	starved := e.smallest()
	for n := required; n <= maxSize; n++ {
		low := Accept(Trial{Calls: n, Part: starved, ErrorProbability: e.intervalBudget()}).Low
		caught := tail{calls: n, part: starved * starvedPart}.below(low)
		if caught >= power {
			return n, nil
		}
	}
	return 0, fmt.Errorf("size of the sample: more than %d calls from each cluster are needed: expect a larger smallest share or allow a larger error probability", maxSize)
}

// coverage is the question "how many calls until every version was seen".
type coverage struct {
	versions, sources int
	part              float64 // the smallest
	missing           float64 // the probability that may be spent on missing one
}

func coverageSize(c coverage) int {
	if c.part >= 1 {
		return 1
	}
	n := math.Ceil(math.Log(float64(c.versions*c.sources)/c.missing) / -math.Log1p(-c.part))
	return int(math.Max(1, math.Min(n, maxSize+1)))
}
