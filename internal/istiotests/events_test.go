package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadResults(t *testing.T) {
	tests := []struct {
		name string
		in   []string
		want []result
	}{
		{
			name: "groups are left out",
			in: []string{
				`{"Action":"start"}`,
				`{"Action":"run","Test":"TestA"}`, `{"Action":"run","Test":"TestA/x"}`,
				`{"Action":"output","Test":"TestA/x","Output":"hello\n"}`,
				`{"Action":"pass","Test":"TestA/x","Elapsed":1.5}`, `{"Action":"skip","Test":"TestA/y"}`,
				`{"Action":"pass","Test":"TestA","Elapsed":2}`, `{"Action":"pass","Elapsed":3}`,
			},
			want: []result{{name: "TestA/x", outcome: passed, took: 1500 * time.Millisecond}, {name: "TestA/y", outcome: skipped}},
		},
		{
			name: "a failure below fails its groups, and counts once",
			in: []string{
				`{"Action":"output","Test":"TestA/x","Output":"why\n"}`, `{"Action":"fail","Test":"TestA/x"}`,
				`{"Action":"fail","Test":"TestA"}`, `{"Action":"fail"}`,
			},
			want: []result{{name: "TestA/x", outcome: failed, output: []string{"why"}}},
		},
		{
			name: "a group that fails by itself",
			in:   []string{`{"Action":"pass","Test":"TestA/x"}`, `{"Action":"fail","Test":"TestA"}`, `{"Action":"fail"}`},
			want: []result{{name: "TestA", outcome: failed}, {name: "TestA/x", outcome: passed}},
		},
		{
			name: "no test could begin",
			in:   []string{`{"Action":"output","Output":"no cluster\n"}`, `{"Action":"fail"}`},
			want: []result{{name: wholePackage, outcome: failed, output: []string{"no cluster"}}},
		},
		{
			name: "the program ended in the middle of a test",
			in:   []string{`{"Action":"pass","Test":"TestA"}`, `{"Action":"run","Test":"TestB"}`},
			want: []result{{name: "TestA", outcome: passed}, {name: "TestB", outcome: failed}},
		},
		{
			name: "it failed after its tests had passed",
			in:   []string{`{"Action":"pass","Test":"TestA"}`, `{"Action":"fail"}`},
			want: []result{{name: wholePackage, outcome: failed}, {name: "TestA", outcome: passed}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readResults(strings.NewReader(strings.Join(tt.in, "\n")), func(event) {})
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if len(got[i].output) == 0 {
					got[i].output = nil
				}
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(result{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := readResults(strings.NewReader("no JSON\n"), func(event) {}); err == nil {
		t.Error("want an error for what test2json does not write")
	}
}

func TestOutputIsBounded(t *testing.T) {
	var r result
	for range 10 * outputLines {
		r.take(event{Action: "output", Output: "x\n"})
	}
	if len(r.output) > 2*outputLines {
		t.Errorf("got %d lines kept, want at most %d", len(r.output), 2*outputLines)
	}
}
