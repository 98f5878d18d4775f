package revisions

import (
	"fmt"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// Phases is how often the cells are called: mixed, and on the way back.
const Phases = 2

// Size is the comparison of all cells of a run.
func Size(cells []Cell, extent verdict.Extent) verdict.Comparison {
	return verdict.SizeComparison(Phases*Compared(cells), extent)
}

// Cost is what a run is expected to take.
type Cost struct {
	Cells, Batches, Calls int
	Duration, CPU         time.Duration
}

// What was measured on a lab of two clusters that share two cores with other work
// (docs/revisions.md): a batch, which starts a command in a container, and a call, of which
// client, both proxies, gateway and server take their part. Batches of one source follow each
// other, and sources of different clusters go beside each other.
const (
	batchTakes = 250 * time.Millisecond
	batchCPU   = 50 * time.Millisecond
	callTakes  = 10 * time.Millisecond
	callCPU    = time.Millisecond
	// settleTakes is the restart of the pods and the convergence of each phase.
	settleTakes = 30 * time.Second
)

// CostOf foresees both phases, without the second stage of cells that the first cannot tell of.
func CostOf(cells []Cell, comparison verdict.Comparison, clusters int) Cost {
	batches := Phases * len(cells) * comparison.Blocks
	calls := batches * comparison.CallsPerBlock
	alone := time.Duration(batches)*batchTakes + time.Duration(calls)*callTakes
	return Cost{
		Cells: len(cells), Batches: batches, Calls: calls,
		Duration: (alone/time.Duration(max(1, clusters)) + Phases*settleTakes).Round(time.Second),
		CPU:      (time.Duration(batches)*batchCPU + time.Duration(calls)*callCPU).Round(time.Second),
	}
}

func (c Cost) String() string {
	return fmt.Sprintf("%d cells, called twice (mixed, and on the way back): %d calls in %d batches, about %s and %s of CPU in all clusters together",
		c.Cells, c.Calls, c.Batches, c.Duration, c.CPU)
}
