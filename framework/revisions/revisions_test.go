package revisions

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func TestParsePair(t *testing.T) {
	for text, want := range map[string]Pair{
		"default,canary": {"default", "canary"}, "asm-1282-4, asm-1291-1": {"asm-1282-4", "asm-1291-1"}, "a,a": {"a", "a"},
	} {
		if got, err := ParsePair(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "want two revisions", "default": "want two revisions", "a,b,c": "want two revisions", "a,": `"" is not a revision`, "A,b_c": `"b_c" is not a revision`,
	} {
		if _, err := ParsePair(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestCells(t *testing.T) {
	both, _ := Cells([]Member{{"a", true}, {"b", true}})
	if len(both) != 24 || Compared(both) != 18 {
		t.Errorf("%d cells, %d compared; want 24 and 18: 4 callers, each with 2 services everywhere and 4 in one cluster", len(both), Compared(both))
	}
	called, absent := Cells([]Member{{"a", true}, {"b", false}})
	if len(called)+len(absent) != len(both) || len(called) != 15 {
		t.Errorf("%d called, %d absent", len(called), len(absent))
	}
	for _, cell := range absent {
		if cell.Source != (Side{"b", New}) && cell.Destination != (Side{"b", New}) {
			t.Errorf("%+v could be called", cell)
		}
	}
	for _, cell := range called {
		if base := cell.Baseline(); !slices.Contains(called, base) || !base.IsBaseline() || base.Destination.Cluster != cell.Destination.Cluster {
			t.Errorf("%+v has no baseline among the cells", cell)
		}
	}
}

func TestOrdersAreThoseOfTheSeed(t *testing.T) {
	cells, _ := Cells([]Member{{"a", true}, {"b", true}})
	one, same, other := NewOrders(7), NewOrders(7), NewOrders(8)
	first := one.Next(cells)
	if diff := cmp.Diff(first, same.Next(cells)); diff != "" {
		t.Errorf("the same seed draws another order:\n%s", diff)
	}
	if slices.Equal(first, other.Next(cells)) || slices.Equal(first, one.Next(cells)) {
		t.Error("want another order for another seed and another block")
	}
	for _, cell := range cells {
		if !slices.Contains(first, cell) {
			t.Errorf("%+v is left out", cell)
		}
	}
}

func TestCost(t *testing.T) {
	cells, _ := Cells([]Member{{"a", true}, {"b", true}})
	small := CostOf(cells, Size(cells, verdict.Small), 2)
	standard := CostOf(cells, Size(cells, verdict.Standard), 2)
	if small.Calls != 2*24*30*12 || standard.Calls != 2*24*30*48 || small.Batches != 2*24*30 {
		t.Errorf("small %+v, standard %+v", small, standard)
	}
	if small.Duration >= standard.Duration || small.CPU >= standard.CPU {
		t.Errorf("small %+v costs no less than standard %+v", small, standard)
	}
}

// sample is a cell of which so many calls failed in each of the first blocks.
func sample(cell Cell, failedBlocks, failed int) Measured {
	m := Measured{Cell: cell, Answers: map[string]int{"b": 300}, Errors: map[string]int{}, Causes: map[string]int{}, Clusters: []string{"b"}}
	for i := range 30 {
		block := verdict.Block{Sent: 12}
		if i < failedBlocks {
			block.Failed = failed
		}
		m.Blocks = append(m.Blocks, block)
	}
	return m
}

func TestJudge(t *testing.T) {
	cell := Cell{Side{"a", New}, Side{"b", Old}}
	base := cell.Baseline()
	design := verdict.SizeComparison(36, verdict.Small)
	caused := sample(cell, 1, 1)
	caused.Causes["the certificate was not accepted"] = 1
	sameCause := sample(base, 1, 1)
	sameCause.Causes = caused.Causes
	lost := sample(cell, 0, 0)
	lost.Lost, lost.Blocks[3].Sent, lost.Errors = 1, 11, map[string]int{"lost: x": 1}
	lostBase := sample(base, 0, 0)
	lostBase.Lost, lostBase.Blocks[3].Sent, lostBase.Errors = 1, 11, map[string]int{"lost: x": 1}
	away := sample(cell, 0, 0)
	away.Answers = map[string]int{"a": 300}
	tests := []struct {
		name           string
		baseline, cell Measured
		shown          Shown
		want           verdict.Relation
		again          bool
		why            string
	}{
		{"as good", sample(base, 0, 0), sample(cell, 0, 0), nil, verdict.NoWorse, false, "it loses less than"},
		{"dead", sample(base, 0, 0), sample(cell, 30, 12), nil, verdict.Worse, false, "360 of 360 calls failed"},
		{"in between", sample(base, 0, 0), sample(cell, 6, 1), nil, verdict.CouldNotTell, true, "it may lose up to"},
		{"one call that names its cause", sample(base, 0, 0), caused, nil, verdict.Worse, false, "1 calls failed because the certificate was not accepted"},
		{"the baseline names it, too", sameCause, caused, nil, verdict.CouldNotTell, true, "it may lose up to"},
		{"a lost call", sample(base, 0, 0), lost, nil, verdict.CouldNotTell, true, "the probe lost 1 calls: lost: x"},
		{"a lost call of the baseline", lostBase, sample(cell, 0, 0), nil, verdict.CouldNotTell, true, "the baseline: the probe lost 1 calls: lost: x"},
		{"the baseline itself, with a lost call", lostBase, lostBase, nil, verdict.CouldNotTell, true, "the probe lost 1 calls"},
		{"a lost call, and not shown", sample(base, 0, 0), lost, Shown{cell: {"pod p"}}, verdict.CouldNotTell, false, "pod p"},
		{"not shown to have been taken", sample(base, 0, 0), sample(cell, 30, 12), Shown{cell: {"pod p was injected by x"}}, verdict.CouldNotTell, false, "injected by x"},
		{"a baseline that is not shown", sample(base, 0, 0), sample(cell, 0, 0), Shown{base: {"pod p"}}, verdict.CouldNotTell, false, "the baseline: pod p"},
		{"a baseline that loses calls as a rule", sample(base, 15, 1), sample(cell, 0, 0), nil, verdict.CouldNotTell, false, "in 15 of 30 blocks"},
		{"the baseline itself", sample(base, 2, 1), sample(base, 2, 1), nil, verdict.NoWorse, false, ""},
		{"the baseline itself, unsound", sample(base, 15, 1), sample(base, 15, 1), nil, verdict.CouldNotTell, false, "within the old revision"},
		{"another cluster does not answer", sample(base, 0, 0), away, nil, verdict.Worse, false, "no call was answered by cluster b"},
	}
	if got := Judge(design, verdict.StageTwo, sample(base, 0, 0), lost, nil); got.Relation != verdict.CouldNotTell || got.Again {
		t.Errorf("stage two with a lost call: %s, again %t", got.Relation, got.Again)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Judge(design, verdict.StageOne, tt.baseline, tt.cell, tt.shown)
			if got.Relation != tt.want || got.Again != tt.again || !strings.Contains(strings.Join(got.Why, "; "), tt.why) {
				t.Errorf("got %s, again %t, %q; want %s, again %t, %q", got.Relation, got.Again, got.Why, tt.want, tt.again, tt.why)
			}
		})
	}
}
