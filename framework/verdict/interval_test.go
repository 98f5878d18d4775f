package verdict

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAcceptTable(t *testing.T) {
	parts := []float64{1. / 2, 1. / 3, 1. / 4}
	rows := []struct {
		calls int
		want  [3][2]int
	}{
		{20, [3][2]int{{0, 20}, {0, 17}, {0, 15}}},
		{60, [3][2]int{{12, 48}, {4, 39}, {1, 33}}},
		{100, [3][2]int{{26, 74}, {12, 57}, {6, 48}}},
		{200, [3][2]int{{66, 134}, {36, 100}, {22, 82}}},
		{400, [3][2]int{{151, 249}, {89, 180}, {60, 144}}},
	}
	for _, row := range rows {
		for i, part := range parts {
			got := Accept(Trial{Calls: row.calls, Part: part, ErrorProbability: 1e-6})
			want := Interval{Low: row.want[i][0], High: row.want[i][1]}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("n=%d p=%.3g: %s", row.calls, part, diff)
			}
		}
	}
}

func TestAcceptEdges(t *testing.T) {
	rows := []struct {
		name  string
		trial Trial
		want  Interval
	}{
		{"all to one", Trial{Calls: 50, Part: 1, ErrorProbability: 1e-6}, Interval{Low: 50, High: 50}},
		{"no calls", Trial{Calls: 0, Part: 0.5, ErrorProbability: 1e-6}, Interval{}},
		{"one call", Trial{Calls: 1, Part: 0.5, ErrorProbability: 1e-6}, Interval{Low: 0, High: 1}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, Accept(row.trial)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is outside has at most half of the error probability in each tail, and
// one count more would have too much: the interval is exact, neither wide nor narrow.
func TestAcceptIsExact(t *testing.T) {
	for _, ε := range []float64{0.1, 1e-3, 1e-6, 1e-12} {
		for _, part := range []float64{0.05, 0.25, 0.5, 0.9} {
			for _, calls := range []int{5, 37, 300, 5000} {
				i := Accept(Trial{Calls: calls, Part: part, ErrorProbability: ε})
				of := tail{calls: calls, part: part}
				if of.below(i.Low) > ε/2 || of.above(i.High) > ε/2 {
					t.Errorf("n=%d p=%g ε=%g: %+v is too narrow", calls, part, ε, i)
				}
				if of.below(i.Low+1) <= ε/2 || i.High > 0 && of.above(i.High-1) <= ε/2 {
					t.Errorf("n=%d p=%g ε=%g: %+v is too wide", calls, part, ε, i)
				}
			}
		}
	}
}
