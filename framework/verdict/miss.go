package verdict

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// maxExact is the largest sample for which MissProbability is exact: its cost
// grows with the square of the calls. Above it the union bound serves, which
// for samples of that size differs only where the chance is large.
const maxExact = 1000

// MissProbability is the chance that a sound mesh leaves at least one version
// unseen from at least one source, when each source sends so many calls.
func MissProbability(e Expectation, calls int) (float64, error) {
	if err := e.Validate(); err != nil {
		return 0, fmt.Errorf("chance of missing a version: %w", err)
	}
	if calls < 0 {
		return 0, fmt.Errorf("chance of missing a version in %d calls: want 0 or more", calls)
	}
	if calls > maxExact {
		return missBound(e, calls), nil
	}
	all := math.Min(1, seesAll(e.Shares, calls))
	return -math.Expm1(float64(e.Sources) * math.Log(all)), nil // 1-all^S
}

// missBound is S·Σ(1-p)^n, at most 1.
func missBound(e Expectation, calls int) float64 {
	sum := 0.0
	for _, s := range e.Shares {
		sum += math.Pow(1-s.Part, float64(calls))
	}
	return math.Min(1, float64(e.Sources)*sum)
}

// seesAll is the chance that every version answers at least once. It deals out
// the calls version by version: given the calls that are left, the number that
// the next version answers is binomial.
func seesAll(shares []Share, calls int) float64 {
	left := make([]float64, calls+1) // left[m]: chance that m calls are left and all versions so far were seen
	left[calls] = 1
	rest := 1.0
	for _, s := range shares[:len(shares)-1] {
		next := make([]float64, calls+1)
		for m := range left {
			deal(next, left[m], distuv.Binomial{N: float64(m), P: s.Part / rest})
		}
		left, rest = next, rest-s.Part
	}
	all := 0.0
	for _, p := range left[1:] {
		all += p
	}
	return all
}

// deal adds to next[m-k] the chance that k ≥ 1 of the m calls go to one version.
func deal(next []float64, chance float64, b distuv.Binomial) {
	m := int(b.N)
	switch {
	case chance == 0 || m == 0:
	case b.P >= 1: // by rounding: the later parts are too small to tell
		next[0] += chance
	default:
		for k := 1; k <= m; k++ {
			next[m-k] += chance * b.Prob(float64(k))
		}
	}
}
