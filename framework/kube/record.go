package kube

import (
	"sync"
	"time"
)

// Waiting is a wait that has begun.
type Waiting struct {
	Cluster string
	For     string
	Bound   time.Duration
	Since   time.Time
}

// Waited is a wait that has ended.
type Waited struct {
	Cluster string
	For     string
	Bound   time.Duration
	Since   time.Time
	Took    time.Duration
	// Met is whether what was waited for came true.
	Met bool
	// Seen is the last state seen, in words.
	Seen string
}

// Recorder hears of waits. Begin returns the function that is called
// when the wait ends. It is called by several goroutines at once.
type Recorder interface {
	Begin(Waiting) (end func(Waited))
}

// Waits is a Recorder that keeps everything, for the report and for a
// progress line. Its zero value is ready for use.
type Waits struct {
	mu      sync.Mutex
	next    int             // guarded by mu
	pending map[int]Waiting // guarded by mu
	ended   []Waited        // guarded by mu
}

// Begin implements Recorder.
func (w *Waits) Begin(waiting Waiting) func(Waited) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending == nil {
		w.pending = make(map[int]Waiting)
	}
	id := w.next
	w.next++
	w.pending[id] = waiting
	return func(waited Waited) {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.pending, id)
		w.ended = append(w.ended, waited)
	}
}

// Ended returns the waits that have ended, in the order they ended.
func (w *Waits) Ended() []Waited {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Waited(nil), w.ended...)
}

// Pending returns the waits under way, the oldest first.
func (w *Waits) Pending() []Waiting {
	w.mu.Lock()
	defer w.mu.Unlock()
	pending := make([]Waiting, 0, len(w.pending))
	for id := range w.next {
		if waiting, ok := w.pending[id]; ok {
			pending = append(pending, waiting)
		}
	}
	return pending
}
