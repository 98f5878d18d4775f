package main

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const someExpectations = `
# A comment.
[Upstream's Envoy has no such filter.]
skip pilot TestS
fail pilot TestF/x
`

func expect(t *testing.T, text string) expectations {
	t.Helper()
	all, err := parseExpectations(text)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestParseExpectations(t *testing.T) {
	const reason = "Upstream's Envoy has no such filter."
	want := expectations{{"pilot", "TestS"}: {skipped, reason}, {"pilot", "TestF/x"}: {failed, reason}}
	if diff := cmp.Diff(want, expect(t, someExpectations), cmp.AllowUnexported(test{}, expectation{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err := parseExpectations("skip pilot TestA\n[why]\npass pilot TestB\nskip pilot TestC D\nskip pilot TestE\nfail pilot TestE\n")
	for _, says := range []string{"line 1: want a [reason]", "line 3: want", "line 4: want", "line 6: it is listed twice"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want an error that says %q, got %v", says, err)
		}
	}
}

func TestJudge(t *testing.T) {
	as := func(o outcome, names ...string) []result {
		var all []result
		for _, n := range names {
			all = append(all, result{name: n, outcome: o})
		}
		return all
	}
	whole, some := suite{name: "pilot"}, suite{name: "pilot", run: "TestA"}
	expected := as(skipped, "TestS")
	expected = append(expected, as(failed, "TestF/x")...)
	expected = append(expected, as(passed, "TestA")...)
	tests := []struct {
		name    string
		suite   suite
		results []result
		want    []string
	}{
		{name: "as expected", suite: whole, results: expected},
		{name: "some of the tests only", suite: some, results: as(passed, "TestA")},
		{
			name: "a failure that is not listed", suite: some, results: append(as(passed, "TestA"), as(failed, "TestB")...),
			want: []string{"pilot TestB: failed"},
		},
		{
			name: "a skip that is not listed", suite: some, results: append(as(passed, "TestA"), as(skipped, "TestB")...),
			want: []string{"pilot TestB: skipped"},
		},
		{
			name: "listed, and passes", suite: some, results: as(passed, "TestS"),
			want: []string{"pilot TestS: passed, and skipped is expected (Upstream's Envoy has no such filter.)"},
		},
		{
			name: "listed as skipped, and fails", suite: some, results: append(as(passed, "TestA"), as(failed, "TestS")...),
			want: []string{"pilot TestS: failed, and skipped is expected (Upstream's Envoy has no such filter.)"},
		},
		{
			name: "listed, and not there", suite: whole, results: as(passed, "TestA"),
			want: []string{
				"pilot TestF/x: is expected not to pass, and there is no such test",
				"pilot TestS: is expected not to pass, and there is no such test",
			},
		},
		{
			name: "another number of tests", suite: suite{name: "mcs", tests: 2}, results: as(passed, "TestA"),
			want: []string{"mcs: 1 tests, and the list of suites says 2"},
		},
		{name: "nothing ran", suite: suite{name: "mcs"}, want: []string{"mcs: no test passed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := judge([]report{{suite: tt.suite, results: tt.results}}, expect(t, someExpectations))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func someReport() []report {
	return []report{{suite: suite{name: "pilot"}, took: 90 * time.Second, results: []result{
		{name: "TestA", outcome: passed, took: time.Second},
		{name: "TestB", outcome: failed, output: []string{"why \x1b[0m", "so"}},
		{name: "TestF/x", outcome: failed},
		{name: "TestS", outcome: skipped},
	}}}
}

func TestTable(t *testing.T) {
	want := "| suite | passed | failed | skipped | time |\n|---|---:|---:|---:|---:|\n" +
		"| pilot | 1 | 2 | 1 | 90 s |\n| all | 1 | 2 | 1 | 90 s |\n"
	if diff := cmp.Diff(want, table(someReport())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestJUnit(t *testing.T) {
	data, err := junit(someReport(), expect(t, someExpectations))
	if err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	reason := &junitText{Message: "Upstream's Envoy has no such filter."}
	want := []junitSuite{{Name: "pilot", Tests: 4, Failures: 1, Skipped: 2, Time: 90, Cases: []junitCase{
		{Suite: "pilot", Name: "TestA", Time: 1},
		{Suite: "pilot", Name: "TestB", Failure: &junitText{Message: "failed", Text: "why [0m\nso"}},
		{Suite: "pilot", Name: "TestF/x", Skipped: reason},
		{Suite: "pilot", Name: "TestS", Skipped: reason},
	}}}
	if diff := cmp.Diff(want, got.Suites); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
