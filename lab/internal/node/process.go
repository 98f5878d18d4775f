package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// program is one part with its command line.
type program struct {
	name string
	args []string
	env  []string // beside what every program has
}

// runner starts a node's programs and owns them until they end.
type runner struct {
	spec  Spec
	group *errgroup.Group
	ctx   context.Context //nolint:containedctx // it is the life of the programs, which outlives the call that starts one
}

// logTail is how much of a program's log an error shows, in bytes.
const logTail = 2048

// stopGrace is how long a program may take to end when it is asked to.
const stopGrace = 5 * time.Second

// start starts a program whose early end ends the node.
func (r *runner) start(p program) error {
	file := r.spec.file("logs", p.name+".log")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	log, err := os.Create(file)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(r.ctx, filepath.Join(r.spec.Bin, p.name), p.args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = r.spec.Dir
	cmd.Env = append(r.environment(), p.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopGrace
	if err := cmd.Start(); err != nil {
		_ = log.Close()
		return fmt.Errorf("start %s on cluster %q: %w", p.name, r.spec.Cluster.Name(), err)
	}
	r.group.Go(func() error {
		defer log.Close()
		err := cmd.Wait()
		if r.ctx.Err() != nil {
			return context.Cause(r.ctx)
		}
		return fmt.Errorf("%s on cluster %q ended by itself (%w); the end of its log:\n%s",
			p.name, r.spec.Cluster.Name(), ended(err), tail(file))
	})
	return nil
}

// environment is the same on every machine: nothing of the caller's leaks into a cluster.
func (r *runner) environment() []string {
	return []string{
		"PATH=" + r.spec.Bin + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + r.spec.Dir,
		"LANG=C.UTF-8",
		// On two cores the start is bound by the processor: collecting garbage a
		// third as often took 3 s off 44 s for a whole run, for a few hundred MiB.
		"GOGC=300",
	}
}

func ended(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

func tail(file string) []byte {
	data, err := os.ReadFile(file)
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(data[max(0, len(data)-logTail):])
}
