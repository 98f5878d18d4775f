package verdict

import (
	"math"
	"math/rand/v2"
	"testing"
)

// simulation draws whole checks from a mesh whose real split is known.
type simulation struct {
	promised Expectation
	real     []float64 // of each promised version, in order
	calls    int       // from each source
	checks   int
}

// run returns the part of the checks with that outcome, all sources combined.
func (s simulation) run(seed uint64, want Outcome) float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	hits := 0
	for range s.checks {
		var outcomes []Outcome
		for range s.promised.Sources {
			outcomes = append(outcomes, Judge(s.promised, s.sample(rng)).Outcome)
		}
		if Combine(outcomes) == want {
			hits++
		}
	}
	return float64(hits) / float64(s.checks)
}

func (s simulation) sample(rng *rand.Rand) Counts {
	answers := make([]Answer, s.calls)
	for i := range answers {
		u, v := rng.Float64(), 0
		for v < len(s.real)-1 && u >= s.real[v] {
			u, v = u-s.real[v], v+1
		}
		answers[i] = Answer{Status: 200, Version: s.promised.Shares[v].Version}
	}
	return Tally(answers)
}

// slack is four standard deviations of a part p seen in n draws.
func slack(p float64, n int) float64 { return 4 * math.Sqrt(p*(1-p)/float64(n)) }

func TestSoundMeshIsSeldomBlamed(t *testing.T) {
	const ε, checks = 0.05, 4000
	rows := []struct {
		name   string
		shares []Share
	}{
		{"two versions", EqualShares("v1", "v2")},
		{"five versions", EqualShares("v1", "v2", "v3", "v4", "v5")},
		{"one replica against three", []Share{{Version: "v1", Part: 0.25}, {Version: "v2", Part: 0.75}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			e := Expectation{Shares: row.shares, Sources: 2, ErrorProbability: ε}
			n, err := SampleSize(e)
			if err != nil {
				t.Fatal(err)
			}
			s := simulation{promised: e, real: parts(row.shares), calls: n, checks: checks}
			blamed := s.run(1, NonConformant)
			if blamed > ε+slack(ε, checks) {
				t.Errorf("%d calls: a sound mesh was blamed in %.3f of the checks, want at most %g", n, blamed, ε)
			}
			// The judge must be able to blame at all, or this test could not fail.
			if blamed == 0 {
				t.Errorf("%d calls: no check out of %d was blamed: the bound is not used", n, checks)
			}
		})
	}
}

func TestStarvedVersionIsCaught(t *testing.T) {
	const checks = 2000
	for versions := 2; versions <= 5; versions++ {
		e := fair(versions, 1, 1e-6)
		n, err := SampleSize(e)
		if err != nil {
			t.Fatal(err)
		}
		split := parts(e.Shares)
		split[1] *= starvedPart
		split[0] += (1 - starvedPart) / float64(versions)
		caught := simulation{promised: e, real: split, calls: n, checks: checks}.run(2, NonConformant)
		if caught < power-slack(power, checks) {
			t.Errorf("K=%d, %d calls: a starved version was caught in %.3f of the checks, want %g", versions, n, caught, power)
		}
	}
}

func TestMissProbabilityAgreesWithSimulation(t *testing.T) {
	const checks = 20000
	e, calls := fair(5, 1, 1e-6), 20
	rng, missed := rand.New(rand.NewPCG(3, 0)), 0
	s := simulation{promised: e, real: parts(e.Shares), calls: calls}
	for range checks {
		if len(s.sample(rng).Versions) < len(e.Shares) {
			missed++
		}
	}
	want, err := MissProbability(e, calls)
	if err != nil {
		t.Fatal(err)
	}
	if got := float64(missed) / checks; math.Abs(got-want) > slack(want, checks) {
		t.Errorf("a version was missed in %.4f of the samples, computed %.4f", got, want)
	}
}

func parts(shares []Share) []float64 {
	p := make([]float64, len(shares))
	for i, s := range shares {
		p[i] = s.Part
	}
	return p
}
