package supervisor

import (
	"encoding/json"
	"io"
	"sync"

	"github.com/eastwest-mesh/eastwest/lab/internal/node"
)

// events tells the starter how far the lab is and remembers it for later
// questions. The starter may leave at any time.
type events struct {
	mu   sync.Mutex
	to   io.WriteCloser          // guarded by mu; nil once the reader is gone
	last map[string][]node.Event // guarded by mu; by cluster
}

func newEvents(to io.WriteCloser) *events {
	return &events{to: to, last: map[string][]node.Event{}}
}

func (e *events) send(ev node.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last[ev.Cluster] = append(e.last[ev.Cluster], ev)
	if e.to == nil {
		return
	}
	if err := json.NewEncoder(e.to).Encode(ev); err != nil {
		_ = e.to.Close()
		e.to = nil
	}
}

func (e *events) of(cluster string) []node.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]node.Event(nil), e.last[cluster]...)
}

func (e *events) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.to != nil {
		_ = e.to.Close()
		e.to = nil
	}
}
