package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/report"
)

// benchVerify runs verify as a user does, in a process of its own, with flags
// that name a place.
func benchVerify(ctx context.Context, flags ...string) (all []timing, err error) {
	out, err := os.MkdirTemp("", "eastwest-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(out)) }()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	cmd := exec.CommandContext(ctx, self, slices.Concat([]string{"verify", "--out", out}, flags)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it removes what it made
	cmd.Stdout, cmd.Stderr = &text, &text
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("bench: verify: %w\n%s", err, text.Bytes())
	}
	total := time.Since(began)
	data, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		return nil, err
	}
	run, err := report.ReadJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for _, p := range run.Phases {
		all = append(all, timing{p.Name, p.Duration})
	}
	all = append(all, timing{answeredName, answered(run)}, timing{totalName, total})
	return all, nil
}

// Script and verify are compared by answeredName: what the page's reader waits for
// once there are clusters. verify then goes on with what the page leaves out.
const (
	answeredName = "from ready clusters to the last of the calls"
	totalName    = "total, from nothing to exit"
)

// answered is from ready clusters to the end of the page's own proof, E-01.
func answered(run report.Run) time.Duration {
	var ready time.Time
	for _, c := range run.Cases {
		switch c.ID {
		case "clusters":
			ready = c.Start.Add(c.Duration)
		case "E-01":
			return c.Start.Add(c.Duration).Sub(ready)
		}
	}
	return 0
}
