package fleets

import (
	"bytes"
	"strings"
	"sync"
)

// lines is what a process said so far.
type lines struct {
	mu     sync.Mutex
	said   bytes.Buffer  // guarded by mu
	wanted string        // guarded by mu
	seen   chan struct{} // guarded by mu; closed when wanted was said
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.said.Write(p)
	l.look()
	return n, err
}

// once returns a channel that is closed when the text was said.
func (l *lines) once(text string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wanted, l.seen = text, make(chan struct{})
	seen := l.seen
	l.look()
	return seen
}

func (l *lines) look() {
	if l.seen != nil && strings.Contains(l.said.String(), l.wanted) {
		close(l.seen)
		l.seen = nil
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.String()
}
