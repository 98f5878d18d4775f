package verdict

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func answered(v1, v2 int) Counts {
	return Counts{Sent: v1 + v2, Versions: map[string]int{"v1": v1, "v2": v2}, Statuses: map[int]int{200: v1 + v2}}
}

func TestJudge(t *testing.T) {
	pair := fair(2, 2, 1e-6)
	rows := []struct {
		name   string
		e      Expectation
		c      Counts
		want   Outcome
		reason []string // a part of each reason, in order
	}{
		{"both answer", pair, answered(31, 29), Conformant, []string{"all 60 calls were answered with status 200: v1 31, v2 29"}},
		{"both answer, leaning", pair, answered(45, 15), Conformant, []string{"v1 45, v2 15"}},
		{"only the local version", pair, answered(60, 0), NonConformant, []string{
			`version "v1" answered 60 of 60 calls (100 %), want 50 %`, `version "v2" never answered in 60 calls, want about 50 %`,
		}},
		{"the remote version starves", pair, answered(57, 3), NonConformant, []string{
			`version "v1" answered 57 of 60 calls`, `version "v2" answered 3 of 60 calls (5 %), want 50 %: 10 to 50 calls`,
		}},
		{
			"one call fails", pair,
			Counts{Sent: 60, Versions: map[string]int{"v1": 30, "v2": 29}, Statuses: map[int]int{200: 59, 503: 1}},
			NonConformant,
			[]string{"1 of 60 calls got status 503, want 200"},
		},
		{
			"one call gets no answer", pair,
			Counts{Sent: 60, Versions: map[string]int{"v1": 30, "v2": 29}, Statuses: map[int]int{200: 59, 0: 1}},
			NonConformant,
			[]string{"1 of 60 calls got no answer"},
		},
		{
			"one failed call is enough in a small sample", pair,
			Counts{Sent: 3, Versions: map[string]int{"v1": 2}, Statuses: map[int]int{200: 2, 503: 1}},
			NonConformant,
			[]string{"1 of 3 calls got status 503, want 200"},
		},
		{
			"an answer that is not the sample's", pair,
			Counts{Sent: 60, Versions: map[string]int{"v1": 30, "v2": 29}, Statuses: map[int]int{200: 60}},
			NonConformant,
			[]string{"1 of 60 calls got status 200 without a well-formed answer"},
		},
		{
			"a stranger answers", pair,
			Counts{Sent: 60, Versions: map[string]int{"v1": 30, "v2": 28, "v9": 2}, Statuses: map[int]int{200: 60}},
			NonConformant,
			[]string{`version "v9" answered 2 of 60 calls, but it is not expected here`},
		},
		{
			"a stranger with no answers is nobody", pair,
			Counts{Sent: 60, Versions: map[string]int{"v1": 30, "v2": 30, "v9": 0}, Statuses: map[int]int{200: 60, 503: 0}},
			Conformant,
			[]string{"all 60 calls"},
		},
		{"too few calls", pair, answered(10, 10), Inconclusive, []string{"20 calls are too few for an error probability of 1e-06: want at least 23; a sound mesh would leave a version unseen with probability 3.8e-06"}},
		{"too few calls, one version unseen", pair, answered(20, 0), Inconclusive, []string{"20 calls are too few"}},
		{"just enough calls, one version unseen", pair, answered(23, 0), NonConformant, []string{`version "v2" never answered`}},
		{
			"the probe lost a call", pair,
			Counts{Sent: 60, Unsound: 1, Versions: map[string]int{"v1": 30, "v2": 29}, Statuses: map[int]int{200: 59}},
			Inconclusive,
			[]string{"the probe lost track of 1 of 60 calls"},
		},
		{
			"the probe lost a call and others failed", pair,
			Counts{Sent: 60, Unsound: 1, Versions: map[string]int{"v1": 50}, Statuses: map[int]int{200: 50, 503: 9}},
			Inconclusive,
			[]string{"the probe lost track of 1 of 60 calls", "9 of 60 calls got status 503"},
		},
		{
			"a call is missing from the books", pair,
			Counts{Sent: 60, Versions: map[string]int{"v1": 30, "v2": 29}, Statuses: map[int]int{200: 59}},
			Inconclusive,
			[]string{"60 calls were sent but 59 have a status"},
		},
		{
			"more versions than answers", pair,
			Counts{Sent: 60, Versions: map[string]int{"v1": 30, "v2": 31}, Statuses: map[int]int{200: 60}},
			Inconclusive,
			[]string{"61 answers name a version but only 60 have status 200"},
		},
		{
			"a negative count", pair,
			Counts{Sent: 60, Versions: map[string]int{"v1": 70, "v2": -10}, Statuses: map[int]int{200: 60}},
			Inconclusive,
			[]string{"a count is negative"},
		},
		{"nothing was sent", pair, Counts{}, Inconclusive, []string{"no call was sent"}},
		{"an impossible expectation", fair(2, 0, 1e-6), answered(30, 30), Inconclusive, []string{"the expectation cannot be judged against"}},
		{
			"only one version is promised", fair(1, 2, 1e-6),
			Counts{Sent: 30, Versions: map[string]int{"v1": 30}, Statuses: map[int]int{200: 30}},
			Conformant,
			[]string{"all 30 calls"},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := Judge(row.e, row.c)
			if got.Outcome != row.want {
				t.Errorf("got %s %q, want %s", got.Outcome, got.Reasons, row.want)
			}
			if len(got.Reasons) != len(row.reason) {
				t.Fatalf("got reasons %q, want %q", got.Reasons, row.reason)
			}
			for i, want := range row.reason {
				if !strings.Contains(got.Reasons[i], want) {
					t.Errorf("got reason %q, want %q", got.Reasons[i], want)
				}
			}
			if diff := cmp.Diff(row.c, got.Counts); diff != "" {
				t.Errorf("the counts were changed: %s", diff)
			}
		})
	}
}

func TestJudgeKeepsTheIntervals(t *testing.T) {
	got := Judge(fair(2, 2, 1e-6), answered(30, 30)).Accept
	if diff := cmp.Diff([]Interval{{"v1", 10, 50}, {"v2", 10, 50}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCombine(t *testing.T) {
	rows := []struct {
		name     string
		outcomes []Outcome
		want     Outcome
	}{
		{"nothing was judged", nil, Inconclusive},
		{"all conform", []Outcome{Conformant, Conformant}, Conformant},
		{"one does not conform", []Outcome{Conformant, Inconclusive, NonConformant}, NonConformant},
		{"one cannot tell, at the end", []Outcome{Conformant, Inconclusive}, Inconclusive},
		{"one cannot tell, at the start", []Outcome{Inconclusive, Conformant}, Inconclusive},
		{"an unknown outcome", []Outcome{"", Conformant}, Inconclusive},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := Combine(row.outcomes); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestTally(t *testing.T) {
	got := Tally([]Answer{{200, "v1", false}, {200, "v2", false}, {200, "", false}, {503, "", false}, {0, "", false}, {0, "", true}})
	want := Counts{Sent: 6, Unsound: 1, Versions: map[string]int{"v1": 1, "v2": 1}, Statuses: map[int]int{200: 3, 503: 1, 0: 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestShares(t *testing.T) {
	if diff := cmp.Diff([]Share{{Version: "v1", Part: 0.5}, {Version: "v2", Part: 0.5}}, EqualShares("v1", "v2")); diff != "" {
		t.Error(diff)
	}
}

func TestCombineRanksOutcomes(t *testing.T) {
	const unknown Outcome = "splendid"
	tests := map[string]struct {
		outcomes []Outcome
		want     Outcome
		passed   bool
	}{
		"none":                          {nil, Inconclusive, false},
		"all conformant":                {[]Outcome{Conformant, Conformant}, Conformant, true},
		"one was only rehearsed":        {[]Outcome{Conformant, Rehearsed, Conformant}, Rehearsed, true},
		"one cannot tell":               {[]Outcome{Rehearsed, Inconclusive, Conformant}, Inconclusive, false},
		"one unknown":                   {[]Outcome{Conformant, unknown}, Inconclusive, false},
		"one is wrong and another open": {[]Outcome{Inconclusive, NonConformant, Rehearsed}, NonConformant, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Combine(test.outcomes); got != test.want || got.Passed() != test.passed {
				t.Errorf("want %s (passed: %t), got %s", test.want, test.passed, got)
			}
		})
	}
}
