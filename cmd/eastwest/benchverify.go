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

	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/suites/stage"
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
	all = append(all,
		timing{answeredName, answered(run, stage.StepClusters)},
		timing{pageName, answered(run, mesh.ControlPlaneSteps()...)},
		timing{totalName, total})
	return all, nil
}

// Script and verify are compared by answeredName and pageName: what the page's
// reader waits for, once there are clusters, and once there is a control plane
// in each, where the page itself begins. verify then goes on with what the page
// leaves out.
const (
	answeredName = "from ready clusters to the last of the calls"
	pageName     = "from ready control planes to the last of the calls"
	totalName    = "total, from nothing to exit"
)

// answered is from the end of the last of the given steps to the end of the
// page's own proof, E-01; 0 when one of them is not in the run.
func answered(run report.Run, steps ...string) time.Duration {
	var from, to time.Time
	for _, c := range run.Cases {
		end := c.Start.Add(c.Duration)
		switch {
		case c.ID == "E-01":
			to = end
		case slices.Contains(steps, c.ID) && end.After(from):
			from = end
		}
	}
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return to.Sub(from)
}
