package revisions

import "math/rand/v2"

// Orders draws, for each block, the order in which cells are called, so that what disturbs
// the clusters for a while hits all alike. The same seed draws the same.
type Orders struct{ random *rand.Rand }

// NewOrders begins with a seed that the report keeps.
func NewOrders(seed uint64) *Orders {
	return &Orders{random: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // no secret
}

// Next is the order of the next block.
func (o *Orders) Next(cells []Cell) []Cell {
	next := make([]Cell, len(cells))
	for to, from := range o.random.Perm(len(cells)) {
		next[to] = cells[from]
	}
	return next
}
