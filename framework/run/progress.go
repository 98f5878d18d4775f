package run

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/redact"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// tellEvery is how often the progress says what is waited for.
const tellEvery = 10 * time.Second

// progress writes one line for each thing done, with the time since the start
// and the cluster, and tells regularly what is waited for.
type progress struct {
	start time.Time
	waits *kube.Waits
	done  chan struct{}
	gone  chan struct{}
	once  sync.Once

	mu  sync.Mutex
	out io.Writer // guarded by mu
}

func newProgress(out io.Writer, waits *kube.Waits, start time.Time) *progress {
	p := &progress{start: start, waits: waits, out: out, done: make(chan struct{}), gone: make(chan struct{})}
	go p.tell()
	return p
}

// tell runs until stop.
func (p *progress) tell() {
	defer close(p.gone)
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case now := <-ticker.C:
			for _, waiting := range p.waits.Pending() {
				if waited := now.Sub(waiting.Since); waited >= tellEvery/2 {
					p.line(waiting.Cluster, fmt.Sprintf("... waiting for %s, %s of at most %s", waiting.For, seconds(waited), waiting.Bound))
				}
			}
		}
	}
}

func (p *progress) stop() {
	p.once.Do(func() { close(p.done) })
	<-p.gone
}

// line writes one line; cluster may be empty.
func (p *progress) line(cluster, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = fmt.Fprintf(p.out, "%7.1fs  %-10s %s\n", time.Since(p.start).Seconds(), redact.Printable(cluster), redact.Printable(text))
}

func (p *progress) step(result plan.Result) {
	for _, cluster := range result.Clusters {
		outcome := "done"
		if cluster.Err != nil {
			outcome = "FAILED"
		}
		p.line(cluster.Cluster, fmt.Sprintf("%s: %s (%s)", result.Title, outcome, seconds(cluster.Took)))
	}
}

func (p *progress) scenario(c report.Case) {
	p.line("", fmt.Sprintf("%s: %s: %s (%s)", c.ID, c.Name, strings.ToUpper(string(c.Status)), seconds(c.Duration)))
	if c.Message != "" {
		p.line("", "  "+c.Message)
	}
}

func (p *progress) trouble(c report.Case) {
	p.line("", fmt.Sprintf("%s %s: %s", c.ID, strings.ToUpper(string(c.Status)), c.Message))
}
