package stats

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Counter only grows.
type Counter struct{ n atomic.Uint64 }

// Inc adds one.
func (c *Counter) Inc() { c.n.Add(1) }

// Add adds n.
func (c *Counter) Add(n uint64) { c.n.Add(n) }

// Value returns the count so far.
func (c *Counter) Value() uint64 { return c.n.Load() }

// Gauge goes up and down.
type Gauge struct{ n atomic.Int64 }

// Add adds n, which may be negative.
func (g *Gauge) Add(n int64) { g.n.Add(n) }

// Set replaces the value.
func (g *Gauge) Set(n int64) { g.n.Store(n) }

// Value returns the value now.
func (g *Gauge) Value() int64 { return g.n.Load() }

// Key names one statistic as Envoy does: scope "cluster", object
// "outbound|80||a.b", metric "upstream_rq_total". Object may be empty.
type Key struct{ Scope, Object, Metric string }

// String is Envoy's dotted name.
func (k Key) String() string {
	if k.Object == "" {
		return k.Scope + "." + k.Metric
	}
	return k.Scope + "." + k.Object + "." + k.Metric
}

// Sample is one statistic at one moment.
type Sample struct {
	Key     Key
	Value   int64
	Gauge   bool
	Touched bool // it was written at least once: what Envoy calls "used"
}

// Registry holds every statistic of one proxy. The zero value is ready.
type Registry struct {
	mu       sync.RWMutex // guards both maps
	counters map[Key]*Counter
	gauges   map[Key]*Gauge
}

// Counter returns the counter of that name, making it when it is new. Callers
// keep the pointer; they do not look it up per request.
func (r *Registry) Counter(k Key) *Counter {
	r.mu.RLock()
	c := r.counters[k]
	r.mu.RUnlock()
	if c != nil {
		return c
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c = r.counters[k]; c == nil {
		if r.counters == nil {
			r.counters = map[Key]*Counter{}
		}
		c = &Counter{}
		r.counters[k] = c
	}
	return c
}

// Gauge returns the gauge of that name, making it when it is new.
func (r *Registry) Gauge(k Key) *Gauge {
	r.mu.RLock()
	g := r.gauges[k]
	r.mu.RUnlock()
	if g != nil {
		return g
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if g = r.gauges[k]; g == nil {
		if r.gauges == nil {
			r.gauges = map[Key]*Gauge{}
		}
		g = &Gauge{}
		r.gauges[k] = g
	}
	return g
}

// Forget drops every statistic of one object, such as a removed xdsCluster.
func (r *Registry) Forget(scope, object string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.counters {
		if k.Scope == scope && k.Object == object {
			delete(r.counters, k)
		}
	}
	for k := range r.gauges {
		if k.Scope == scope && k.Object == object {
			delete(r.gauges, k)
		}
	}
}

// Snapshot returns every statistic, ordered by name.
func (r *Registry) Snapshot() []Sample {
	r.mu.RLock()
	out := make([]Sample, 0, len(r.counters)+len(r.gauges))
	for k, c := range r.counters {
		v := c.Value()
		out = append(out, Sample{Key: k, Value: int64(v), Touched: v > 0})
	}
	for k, g := range r.gauges {
		out = append(out, Sample{Key: k, Value: g.Value(), Gauge: true, Touched: true})
	}
	r.mu.RUnlock()
	slices.SortFunc(out, func(a, b Sample) int { return strings.Compare(a.Key.String(), b.Key.String()) })
	return out
}
