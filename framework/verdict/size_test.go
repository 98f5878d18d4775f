package verdict

import (
	"math"
	"strings"
	"testing"
)

func fair(versions, sources int, ε float64) Expectation {
	names := []string{"v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10"}
	return Expectation{Shares: EqualShares(names[:versions]...), Sources: sources, ErrorProbability: ε}
}

// The published table gives the whole error probability to "a version was
// never seen", so the test gives the formula the same.
func TestCoverageSizeTable(t *testing.T) {
	probabilities := []float64{1e-3, 1e-6, 1e-9}
	rows := []struct {
		versions, sources int
		part              float64
		want              [3]int
	}{
		{2, 2, 1. / 2, [3]int{12, 22, 32}},
		{3, 3, 1. / 3, [3]int{23, 40, 57}},
		{4, 4, 1. / 4, [3]int{34, 58, 82}},
		{5, 5, 1. / 5, [3]int{46, 77, 108}},
		{8, 8, 1. / 8, [3]int{83, 135, 187}},
		{10, 10, 1. / 10, [3]int{110, 175, 241}},
		{2, 1, 1. / 2, [3]int{11, 21, 31}},
		{3, 1, 1. / 3, [3]int{20, 37, 54}},
		{4, 1, 1. / 4, [3]int{29, 53, 77}},
		{5, 1, 1. / 5, [3]int{39, 70, 101}},
		{8, 1, 1. / 8, [3]int{68, 120, 171}},
		{10, 1, 1. / 10, [3]int{88, 153, 219}},
		// Two versions of unequal weight: only the small side counts.
		{1, 1, 1. / 3, [3]int{18, 35, 52}},
		{1, 1, 1. / 4, [3]int{25, 49, 73}},
		{1, 1, 1. / 5, [3]int{31, 62, 93}},
		{1, 1, 1. / 10, [3]int{66, 132, 197}},
		{1, 1, 1. / 11, [3]int{73, 145, 218}},
		{1, 1, 1. / 20, [3]int{135, 270, 405}},
	}
	for _, row := range rows {
		for i, ε := range probabilities {
			got := coverageSize(coverage{versions: row.versions, sources: row.sources, part: row.part, missing: ε})
			if got != row.want[i] {
				t.Errorf("K=%d S=%d p=%.3g ε=%g: got %d calls, want %d", row.versions, row.sources, row.part, ε, got, row.want[i])
			}
		}
	}
}

func TestMissProbabilityTable(t *testing.T) {
	// 20 calls, as on the guide.
	rows := []struct {
		versions int
		one, all float64 // one source, all sources
		within   float64 // relative: the rounding of the published figure
	}{
		{2, 1.9e-6, 3.8e-6, 0.01},
		{3, 9.0e-4, 2.7e-3, 0.01},
		{4, 0.0127, 0.050, 0.02},
		{5, 0.057, 0.25, 0.025},
		{8, 0.469, 0.99, 0.01},
		{10, 0.785, 1, 0.01},
	}
	for _, row := range rows {
		for _, c := range []struct {
			sources int
			want    float64
		}{{1, row.one}, {row.versions, row.all}} {
			got, err := MissProbability(fair(row.versions, c.sources, 1e-6), 20)
			if err != nil || math.Abs(got/c.want-1) > row.within {
				t.Errorf("K=%d S=%d: got %g, %v, want about %g", row.versions, c.sources, got, err, c.want)
			}
		}
	}
	weighted := []struct {
		part, want float64
	}{{1. / 3, 3e-4}, {1. / 4, 0.0032}, {1. / 5, 0.0115}, {1. / 10, 0.122}, {1. / 11, 0.149}, {1. / 20, 0.358}}
	for _, row := range weighted {
		e := Expectation{Shares: []Share{{Version: "v1", Part: row.part}, {Version: "v2", Part: 1 - row.part}}, Sources: 1, ErrorProbability: 1e-6}
		if got, err := MissProbability(e, 20); err != nil || math.Abs(got/row.want-1) > 0.02 {
			t.Errorf("p=%g: got %g, %v, want about %g", row.part, got, err, row.want)
		}
	}
}

func TestMissProbabilityEdges(t *testing.T) {
	e := fair(3, 2, 1e-6)
	for _, row := range []struct {
		calls int
		want  float64
	}{{0, 1}, {2, 1}, {maxExact + 1, 0}} {
		if got, err := MissProbability(e, row.calls); err != nil || math.Abs(got-row.want) > 1e-12 {
			t.Errorf("%d calls: got %g, %v, want %g", row.calls, got, err, row.want)
		}
	}
	if _, err := MissProbability(e, -1); err == nil {
		t.Error("a negative number of calls was accepted")
	}
	tiny := Expectation{Shares: []Share{{Version: "v1", Part: 1}, {Version: "v2", Part: 1e-12}}, Sources: 1, ErrorProbability: 0.5}
	if got, err := MissProbability(tiny, 10); err != nil || math.IsNaN(got) || got < 0.999 {
		t.Errorf("a share lost in rounding: got %g, %v", got, err)
	}
}

// The size stays within the bound that the formula promises, and one call
// fewer would not: it is the least size, up to the slack of the union bound.
func TestRequiredSizeHoldsItsPromise(t *testing.T) {
	for versions := 1; versions <= 10; versions++ {
		for _, ε := range []float64{1e-3, 1e-6, 1e-9} {
			e := fair(versions, versions, ε)
			n, err := RequiredSize(e)
			if err != nil {
				t.Fatal(err)
			}
			if miss := missBound(e, n); miss > ε/2 {
				t.Errorf("K=S=%d ε=%g: %d calls miss with %g", versions, ε, n, miss)
			}
			if versions > 1 && missBound(e, n-1) <= ε/2 {
				t.Errorf("K=S=%d ε=%g: %d calls are more than needed", versions, ε, n)
			}
		}
	}
}

func TestSampleSize(t *testing.T) {
	for _, row := range []struct {
		versions int
		low, top int
	}{{1, 1, 2}, {2, 23, 60}, {3, 41, 110}, {5, 79, 200}, {10, 178, 450}} {
		e := fair(row.versions, row.versions, 1e-6)
		n, err := SampleSize(e)
		if err != nil || n < row.low || n > row.top {
			t.Errorf("K=S=%d: got %d, %v, want %d to %d", row.versions, n, err, row.low, row.top)
		}
		t.Logf("K=S=%d ε=1e-6: %d calls from each source", row.versions, n)
	}
}

func TestSizesRefuseWhatCannotBe(t *testing.T) {
	rows := []struct {
		name string
		e    Expectation
		want string
	}{
		{"nothing expected", Expectation{Sources: 1, ErrorProbability: 1e-6}, "at least one share"},
		{"no sources", fair(2, 0, 1e-6), "0 source clusters"},
		{"no error probability", fair(2, 2, 0), "error probability 0"},
		{"certain error", fair(2, 2, 1), "error probability 1"},
		{"not a number", fair(2, 2, math.NaN()), "error probability NaN"},
		{"parts of more than all", Expectation{Shares: []Share{{Version: "v1", Part: 0.9}, {Version: "v2", Part: 0.9}}, Sources: 1, ErrorProbability: 1e-6}, "add up to 1.8"},
		{"twice the same", Expectation{Shares: EqualShares("v1", "v1"), Sources: 1, ErrorProbability: 1e-6}, "twice"},
		{"no name", Expectation{Shares: EqualShares(""), Sources: 1, ErrorProbability: 1e-6}, "no version"},
		{"a share of nothing", Expectation{Shares: []Share{{Version: "v1", Part: 0}, {Version: "v2", Part: 1}}, Sources: 1, ErrorProbability: 1e-6}, "more than 0"},
		{"too small a share", Expectation{Shares: []Share{{Version: "v1", Part: 1e-6}, {Version: "v2", Part: 1 - 1e-6}}, Sources: 1, ErrorProbability: 1e-6}, "larger smallest share"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for _, size := range []func(Expectation) (int, error){RequiredSize, SampleSize} {
				if n, err := size(row.e); err == nil || !strings.Contains(err.Error(), row.want) {
					t.Errorf("got %d, %v, want an error with %q", n, err, row.want)
				}
			}
		})
	}
}
