package verdict

import (
	"math/rand/v2"
	"testing"
)

// mesh draws blocks of a cell and its baseline.
type mesh struct {
	comparison     Comparison
	baseline, cell float64 // what each loses
	// bursts is the part of the blocks in which something else happens that takes half of the
	// calls of one of them, whichever it hits, and shared of those in which it takes a tenth
	// of both.
	bursts, shared float64
}

func (m mesh) draw(rng *rand.Rand, stage Stage) (baseline, cell []Block) {
	for range m.comparison.BlocksOf(stage) {
		b, v := m.baseline, m.cell
		if rng.Float64() < m.shared {
			b, v = b+0.1, v+0.1
		}
		if rng.Float64() < m.bursts {
			if rng.IntN(2) == 0 {
				b += 0.5
			} else {
				v += 0.5
			}
		}
		baseline = append(baseline, m.block(rng, b))
		cell = append(cell, m.block(rng, v))
	}
	return baseline, cell
}

func (m mesh) block(rng *rand.Rand, loss float64) Block {
	b := Block{Sent: m.comparison.CallsPerBlock}
	for range b.Sent {
		if rng.Float64() < loss {
			b.Failed++
		}
	}
	return b
}

// tell goes through both stages, as a run does.
func (m mesh) tell(rng *rand.Rand) Relation {
	baseline, cell := m.draw(rng, StageOne)
	v := m.comparison.Judge(baseline, cell, StageOne)
	if v.Again {
		baseline, cell = m.draw(rng, StageTwo)
		v = m.comparison.Judge(baseline, cell, StageTwo)
	}
	return v.Relation
}

// parts are those of so many cells that had each relation.
func (m mesh) parts(seed uint64, cells int) map[Relation]float64 {
	rng, parts := rand.New(rand.NewPCG(seed, 0)), map[Relation]float64{}
	for range cells {
		parts[m.tell(rng)] += 1 / float64(cells)
	}
	return parts
}

// The same version twice is never worse, whatever disturbs both; where little does, it is no
// worse.
func TestTheSameTwiceIsNeverWorse(t *testing.T) {
	c := SizeComparison(24, Standard)
	rows := []struct {
		name    string
		mesh    mesh
		noWorse float64 // at least
	}{
		{"nothing fails", mesh{}, 1},
		{"one call in a thousand fails", mesh{baseline: 0.001, cell: 0.001}, 0.9},
		{"three calls in a thousand fail", mesh{baseline: 0.003, cell: 0.003}, 0},
		{"noise hits both", mesh{shared: 0.5}, 0},
		{"bursts hit the one or the other", mesh{bursts: 0.8}, 0},
		{"noise and bursts", mesh{baseline: 0.003, cell: 0.003, shared: 0.3, bursts: 0.3}, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			row.mesh.comparison = c
			parts := row.mesh.parts(1, 200)
			if parts[Worse] > 0 {
				t.Errorf("worse in %.3f of the cells", parts[Worse])
			}
			if parts[NoWorse] < row.noWorse-1e-9 {
				t.Errorf("no worse in %.3f of the cells, want at least %g", parts[NoWorse], row.noWorse)
			}
		})
	}
}

// With budgets that a simulation can see, each holds and is used.
func TestFalseWorseIsWithinItsBudget(t *testing.T) {
	const budget, cells = 0.1, 2000
	c := Comparison{Cells: 1, Blocks: 20, CallsPerBlock: 12, Margin: 0.05, FalseWorse: budget, FalseNoWorse: 0.1}
	for name, m := range map[string]mesh{
		"failures of single calls": {comparison: c, baseline: 0.1, cell: 0.1},
		"bursts":                   {comparison: c, bursts: 0.7, shared: 0.5},
	} {
		worse := m.parts(2, cells)[Worse]
		if worse > budget+slack(budget, cells) {
			t.Errorf("%s: a cell as good as the baseline is worse in %.4f, want at most %g", name, worse, budget)
		}
		if worse < budget/20 {
			t.Errorf("%s: worse in %.4f only: the budget is not used", name, worse)
		}
	}
}

func TestFalseNoWorseIsWithinItsBudget(t *testing.T) {
	const budget, cells = 0.1, 2000
	c := Comparison{Cells: 1, Blocks: 20, CallsPerBlock: 12, Margin: 0.05, FalseWorse: 1e-4, FalseNoWorse: budget}
	used := 0.0
	for _, background := range []float64{0, 0.002, 0.01, 0.1} {
		m := mesh{comparison: c, baseline: background, cell: background + c.Margin}
		noWorse := m.parts(3, cells)[NoWorse]
		if noWorse > budget+slack(budget, cells) {
			t.Errorf("background %v: a cell that loses the margin is no worse in %.4f, want at most %g", background, noWorse, budget)
		}
		used = max(used, noWorse)
	}
	if used < budget/4 {
		t.Errorf("no worse in %.4f at most: the budget is not used", used)
	}
}

// What is really worse is found.
func TestWorseCellsAreFound(t *testing.T) {
	c := SizeComparison(24, Standard)
	for _, loss := range []float64{1, 0.05, 0.03, 0.02} {
		if worse := (mesh{comparison: c, cell: loss}).parts(4, 100)[Worse]; worse < 1-1e-9 {
			t.Errorf("a loss of %v is called worse in %.3f of the cells, want all", loss, worse)
		}
	}
}
