package lab

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// narrator turns events into lines for a person: the first of each piece of
// work, then one every few seconds.
type narrator struct {
	to io.Writer

	mu   sync.Mutex
	last string    // guarded by mu
	at   time.Time // guarded by mu
}

func progress(to io.Writer) *narrator { return &narrator{to: to} }

func (n *narrator) parts(e parts.Event) {
	n.line("parts/"+e.Family, e.Total > 0 && e.Done >= e.Total,
		fmt.Sprintf("lab: building %-10s %3d%% (%d of %d packages, %s) %s", e.Family, e.Percent(), e.Done, e.Total, e.Elapsed.Round(time.Second), e.Current))
}

func (n *narrator) images(e images.Event) {
	text := fmt.Sprintf("lab: images, %s: %s", e.Elapsed.Round(time.Second), e.Doing)
	if e.Total > 0 {
		text = fmt.Sprintf("lab: images %d of %d, %s: %s", e.Done, e.Total, e.Elapsed.Round(time.Second), e.Doing)
	}
	n.line("images", e.Total > 0 && e.Done >= e.Total, text)
}

// line prints the text if the work is new, done, or has been silent for long.
// What is done at once, because it was cached, is not worth a line.
func (n *narrator) line(work string, done bool, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if n.last != work {
		n.last, n.at = work, now
		return
	}
	if done || now.Sub(n.at) < quiet {
		return
	}
	n.at = now
	_, _ = fmt.Fprintln(n.to, text)
}
