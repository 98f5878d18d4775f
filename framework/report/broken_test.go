package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBroken(t *testing.T) {
	side := func(cluster, arm, revision string) CellSide {
		return CellSide{Cluster: cluster, Arm: arm, Revision: revision}
	}
	cell := func(source, destination CellSide, failed int, outcome CellOutcome) ComparedCell {
		return ComparedCell{Source: source, Destination: destination, Sent: 10, Failed: failed, Outcome: outcome, Why: []string{"why"}}
	}
	a := side("a", "new", "n")
	tests := []struct {
		name     string
		old, new string
		cells    []ComparedCell
		want     []string
	}{
		{
			"to one cluster, of both revisions", "o", "n",
			[]ComparedCell{cell(a, side("b", "old", "o"), 10, CellWorse), cell(a, side("b", "new", "n"), 10, CellWorse), cell(a, side("", "old", "o"), 0, CellNoWorse)},
			[]string{"calls from revision n in a to services that run only in b fail, all 20 of them; those to services in all clusters do not"},
		},
		{
			"of one revision alone, some of them, everywhere too", "o", "n",
			[]ComparedCell{cell(a, side("b", "old", "o"), 0, CellNoWorse), cell(a, side("b", "new", "n"), 3, CellWorse), cell(a, side("", "new", "n"), 1, CellWorse)},
			[]string{"calls from revision n in a to services that run only in b, of revision n fail, 3 of 10 of them", "calls from revision n in a to services in all clusters fail, 1 of 10 of them"},
		},
		{
			"a revision with itself, and no failure", "o", "o",
			[]ComparedCell{cell(side("a", "new", "o"), side("", "old", "o"), 0, CellWorse)},
			[]string{"calls from revision o (new) in a to services in all clusters are worse: why"},
		},
		{"nothing", "o", "n", []ComparedCell{cell(a, side("b", "old", "o"), 0, CellNoWorse)}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Broken(Compared{Old: tt.old, New: tt.new, Cells: tt.cells})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDoubts(t *testing.T) {
	c := Compared{Cells: []ComparedCell{
		{Outcome: CellCouldNotTell, Why: []string{"x", "y"}}, {Outcome: CellNoWorse}, {Outcome: CellCouldNotTell, Why: []string{"z"}}, {Outcome: CellCouldNotTell, Why: []string{"x"}},
	}}
	want := []string{"2 cells could not be judged: x", "1 cells could not be judged: z"}
	if diff := cmp.Diff(want, Doubts(c)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
