package parts

import (
	"os"
	"path/filepath"
	"time"
)

// progress turns what `go build -v` says into events. All fields belong to the
// goroutine that calls follow.
type progress struct {
	deps     map[string]bool // import path -> must be compiled
	programs []string
	out      string // where programs appear once linked

	compiled map[string]bool
	current  string
	said     []string // the last lines that name no package
}

// follow reports until lines ends.
func (p *progress) follow(lines <-chan string, report func(Event)) {
	p.compiled = map[string]bool{}
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	report(p.event())
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				report(p.event())
				return
			}
			p.hear(line)
		case <-tick.C:
			report(p.event())
		}
	}
}

func (p *progress) hear(line string) {
	if stale, known := p.deps[line]; known {
		p.current = line
		if stale {
			p.compiled[line] = true
		}
		return
	}
	p.said = append(p.said, line)
	if len(p.said) > errorLines {
		p.said = p.said[1:]
	}
}

func (p *progress) event() Event {
	stale := 0
	for _, s := range p.deps {
		if s {
			stale++
		}
	}
	linked := 0
	entries, _ := os.ReadDir(p.out) // none yet is no program linked
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(p.out, e.Name())); err == nil && info.Size() > 0 {
			linked++
		}
	}
	e := Event{
		Total:   len(p.deps) + linkWeight*len(p.programs),
		Done:    len(p.deps) - stale + len(p.compiled) + linkWeight*min(linked, len(p.programs)),
		Current: p.current,
	}
	if len(p.compiled) == stale {
		e.Current = "linking"
	}
	return e
}
