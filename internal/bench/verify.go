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
	"github.com/eastwest-mesh/eastwest/framework/run"
)

// benchVerify measures verify with flags that name an environment.
func benchVerify(ctx context.Context, eastwest string, flags ...string) ([]timing, error) {
	made, total, err := runVerifyApart(ctx, eastwest, flags...)
	if err != nil {
		return nil, err
	}
	var all []timing
	for _, p := range made.Phases {
		all = append(all, timing{p.Name, p.Duration})
	}
	return append(all,
		timing{answeredName, answered(made, run.StepClusters)},
		timing{guideName, answered(made, mesh.ControlPlaneSteps()...)},
		timing{totalName, total}), nil
}

// benchReuse measures verify on a lab whose mesh is there.
func benchReuse(ctx context.Context, eastwest string, clusters int) ([]timing, error) {
	made, total, err := runVerifyApart(ctx, eastwest, append(onLab(clusters), "--setup", "reuse")...)
	if err != nil {
		return nil, err
	}
	return []timing{{reuseCallsName, calledAt(made).Sub(made.Started)}, {reuseTotalName, total}}, nil
}

// runVerifyApart runs verify as a user does, in a process of its own, and gives
// its report and how long the process took.
func runVerifyApart(ctx context.Context, eastwest string, flags ...string) (run report.Run, took time.Duration, err error) {
	out, err := os.MkdirTemp("", "eastwest-bench-")
	if err != nil {
		return report.Run{}, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(out)) }()
	var text bytes.Buffer
	cmd := exec.CommandContext(ctx, eastwest, slices.Concat([]string{"verify", "--out", out}, flags)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it removes what it made
	cmd.Stdout, cmd.Stderr = &text, &text
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return report.Run{}, 0, fmt.Errorf("bench: verify: %w\n%s", err, text.Bytes())
	}
	took = time.Since(began)
	data, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		return report.Run{}, 0, err
	}
	run, err = report.ReadJSON(bytes.NewReader(data))
	return run, took, err
}

// Script and verify are compared by answeredName and guideName: what the guide's
// reader waits for, once there are clusters, and once there is a control plane
// in each, where the guide itself begins. verify then goes on with what the guide
// leaves out.
const (
	answeredName = "from ready clusters to the last of the calls"
	guideName    = "from ready control planes to the last of the calls"
	totalName    = "total, from nothing to exit"
)

// What verify takes on the lab whose mesh the guide's commands made, from its start.
const (
	reuseCallsName = "verify --setup reuse, to the last of the calls"
	reuseTotalName = "verify --setup reuse, to its exit"
)

// answered is from the end of the last of the given steps to the end of the
// guide's own proof, both-directions; 0 when one of them is not in the run.
func answered(run report.Run, steps ...string) time.Duration {
	from, to := endOf(run, steps...), calledAt(run)
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return to.Sub(from)
}

// calledAt is when the last of the guide's calls was answered.
func calledAt(run report.Run) time.Time { return endOf(run, guideProof) }

// guideProof is the scenario that is the guide's own proof.
const guideProof = "both-directions"

// endOf is when the last of some cases ended; zero when none is in the run.
func endOf(run report.Run, ids ...string) time.Time {
	var last time.Time
	for _, c := range run.Cases {
		if end := c.Start.Add(c.Duration); slices.Contains(ids, c.ID) && end.After(last) {
			last = end
		}
	}
	return last
}
