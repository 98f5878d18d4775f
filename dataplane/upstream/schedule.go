package upstream

import (
	"container/heap"
	"math/rand/v2"
)

// schedule gives items in proportion to their weights by earliest deadline
// first: an item of weight w comes every 1/w.
type schedule[T any] struct {
	now   float64
	queue deadlines[T]
}

type deadline[T any] struct {
	at   float64
	item T
}

// newSchedule starts every item at a random point of its period, so that many
// proxies do not begin with the same one.
func newSchedule[T any](items []T, weight func(T) float64) *schedule[T] {
	s := &schedule[T]{}
	for _, it := range items {
		s.queue = append(s.queue, deadline[T]{at: rand.Float64() / weight(it), item: it})
	}
	heap.Init(&s.queue)
	return s
}

// next returns the item whose turn it is; there must be one.
func (s *schedule[T]) next(weight func(T) float64) T {
	first := &s.queue[0]
	item := first.item
	s.now = first.at
	first.at = s.now + 1/weight(item)
	heap.Fix(&s.queue, 0)
	return item
}

type deadlines[T any] []deadline[T]

func (d deadlines[T]) Len() int           { return len(d) }
func (d deadlines[T]) Less(i, j int) bool { return d[i].at < d[j].at }
func (d deadlines[T]) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *deadlines[T]) Push(x any)        { *d = append(*d, x.(deadline[T])) }
func (d *deadlines[T]) Pop() any {
	old := *d
	last := old[len(old)-1]
	*d = old[:len(old)-1]
	return last
}
