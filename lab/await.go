package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/internal/node"
)

// awaitReady reads the lab's events until every cluster is ready, the lab
// dies, or the context ends.
func awaitReady(ctx context.Context, cmd *exec.Cmd, events *os.File, st State, log string, to io.Writer) (map[string]time.Time, error) {
	stop := context.AfterFunc(ctx, func() { _ = events.Close() })
	defer stop()
	ready := map[string]time.Time{}
	dec := json.NewDecoder(events)
	for len(ready) < len(st.Clusters) {
		var ev node.Event
		if err := dec.Decode(&ev); err != nil {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("start lab %q: %w", st.Name, context.Cause(ctx))
			}
			return nil, fmt.Errorf("lab %q died while it was starting (process %d):\n%s", st.Name, cmd.Process.Pid, logEnd(log))
		}
		switch ev.Stage {
		case node.StageFailed:
			return nil, fmt.Errorf("start lab %q: %s", st.Name, ev.Error)
		case node.StageReady:
			ready[ev.Cluster] = ev.At
			_, _ = fmt.Fprintf(to, "lab: %s ready after %.1f s\n", ev.Cluster, ev.At.Sub(st.Started).Seconds())
		case node.StageContainerd, node.StageAPI:
		}
	}
	return ready, nil
}

// logEnd is the end of the lab's log, or why it cannot be read.
func logEnd(file string) []byte {
	const end = 2048 // bytes
	data, err := os.ReadFile(file)
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(data[max(0, len(data)-end):])
}
