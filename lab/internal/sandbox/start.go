package sandbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
	"github.com/eastwest-mesh/eastwest/lab/internal/cgroup"
)

// Spec says what to run in a new sandbox.
type Spec struct {
	// Init is the command line whose process becomes the first one; it must call Init.
	Init []string
	// Files are passed on to the program, from file descriptor 3 upwards.
	Files []*os.File
	// Output takes standard output and error.
	Output *os.File
	// Group is the sandbox's cgroup; Start makes it.
	Group cgroup.Group
	// Note is called with the identity of the first process before that
	// process does anything, so that a crash at any later moment leaves a
	// sandbox that can be found. An error stops the start.
	Note func(Identity) error
}

// Init's file descriptors after standard input, output and error.
const (
	goFD    = 3 // a byte comes here when Init may begin; end of file means that the starter died
	firstFD = 4 // Spec.Files
)

// Start starts a sandbox and returns its running first process.
func Start(ctx context.Context, spec Spec) (*exec.Cmd, error) {
	if err := spec.Group.Make(); err != nil {
		return nil, err
	}
	hold, release, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	defer release.Close()
	// A sandbox outlives whoever starts it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), spec.Init[0], append(spec.Init[1:], strconv.Itoa(len(spec.Files)))...)
	cmd.Stdout, cmd.Stderr = spec.Output, spec.Output
	cmd.ExtraFiles = append([]*os.File{hold}, spec.Files...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	kernel.Separate(cmd.SysProcAttr, kernel.Namespaces{PID: true, Mount: true, Network: true, IPC: true, Hostname: true})
	err = cmd.Start()
	_ = hold.Close()
	if err != nil {
		return nil, fmt.Errorf("start the sandbox (it needs root and namespaces): %w", err)
	}
	if err := admit(spec, cmd.Process.Pid, release); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	return cmd, nil
}

func admit(spec Spec, pid int, release *os.File) error {
	id, err := Identify(pid)
	if err != nil {
		return err
	}
	if err := spec.Group.Add(pid); err != nil {
		return err
	}
	if err := spec.Note(id); err != nil {
		return err
	}
	if _, err := release.Write([]byte{1}); err != nil {
		return fmt.Errorf("release the sandbox's first process: %w", err)
	}
	return nil
}
