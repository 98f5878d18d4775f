package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// progressEvery is how often somebody who waits hears of a suite that runs.
const progressEvery = time.Minute

// progress is how far a suite is.
type progress struct {
	mu    sync.Mutex
	ended map[outcome]int // tests with and without subtests
	now   string          // the test that began last
}

func (p *progress) take(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case e.Test == "":
	case e.Action == "run":
		p.now = e.Test
	case e.Action == string(passed), e.Action == string(failed), e.Action == string(skipped):
		if p.ended == nil {
			p.ended = map[outcome]int{}
		}
		p.ended[outcome(e.Action)]++
	}
}

// String is how far it is, in words.
func (p *progress) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now == "" {
		return "setting up"
	}
	return fmt.Sprintf("%d passed, %d failed, %d skipped so far, groups of tests too; now %s", p.ended[passed], p.ended[failed], p.ended[skipped], p.now)
}

// tell says how far a suite is, until ctx ends.
func (p *progress) tell(ctx context.Context, s suite, say func(string, ...any)) {
	ticker := time.NewTicker(progressEvery)
	defer ticker.Stop()
	began := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			say("%s, %s: %s", s.name, time.Since(began).Round(time.Second), p)
		}
	}
}
