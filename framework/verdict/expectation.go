package verdict

import (
	"errors"
	"fmt"
	"math"
)

// partTolerance is how far the parts may sum up away from 1: the rounding of
// a few hundred parts such as 1/3, far below anything a sample can show.
const partTolerance = 1e-9

// EqualShares expects the same part of the calls from each version.
func EqualShares(versions ...string) []Share {
	shares := make([]Share, len(versions))
	for i, v := range versions {
		shares[i] = Share{Version: v, Part: 1 / float64(len(versions))}
	}
	return shares
}

// Validate reports everything that makes the expectation impossible to judge against.
func (e Expectation) Validate() error {
	var errs []error
	if len(e.Shares) == 0 {
		errs = append(errs, errors.New("no version is expected: want at least one share"))
	}
	sum, seen := 0.0, make(map[string]bool, len(e.Shares))
	for _, s := range e.Shares {
		if s.Version == "" {
			errs = append(errs, errors.New("a share has no version"))
		}
		if seen[s.Version] {
			errs = append(errs, fmt.Errorf("version %q is expected twice", s.Version))
		}
		if !(s.Part > 0 && s.Part <= 1) { // also refuses NaN
			errs = append(errs, fmt.Errorf("version %q is expected to answer %v of the calls: want more than 0, at most 1", s.Version, s.Part))
		}
		seen[s.Version] = true
		sum += s.Part
	}
	if len(e.Shares) > 0 && !(math.Abs(sum-1) <= partTolerance) {
		errs = append(errs, fmt.Errorf("the expected parts add up to %v: want 1", sum))
	}
	if e.Sources < 1 {
		errs = append(errs, fmt.Errorf("%d source clusters: want at least one", e.Sources))
	}
	if !(e.ErrorProbability > 0 && e.ErrorProbability < 1) {
		errs = append(errs, fmt.Errorf("error probability %v: want more than 0, less than 1", e.ErrorProbability))
	}
	return errors.Join(errs...)
}

// smallest returns the smallest part of a valid expectation.
func (e Expectation) smallest() float64 {
	least := 1.0
	for _, s := range e.Shares {
		least = math.Min(least, s.Part)
	}
	return least
}

// missBudget is what may be spent on "a version was never seen".
func (e Expectation) missBudget() float64 { return e.ErrorProbability / 2 }

// intervalBudget is what each interval may spend on "a count outside it".
func (e Expectation) intervalBudget() float64 {
	return e.ErrorProbability / 2 / float64(e.Sources*len(e.Shares))
}
