package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
)

// Init is the life of the sandbox's first process: it waits for leave to
// begin, gives the sandbox its own /proc and /run, runs the program, and
// collects every process that loses its parent. It returns the program's
// exit code; when the process ends, so does everything in the sandbox.
//
// It is a process of its own because collecting strangers' children would
// take the program's own children away from it.
func Init(ctx context.Context, program []string, files int) (int, error) {
	if os.Getpid() != 1 {
		return 0, errors.New("the sandbox's first process must be number 1 of a PID namespace; it is not meant to be run by hand")
	}
	if err := awaitLeave(); err != nil {
		return 0, err
	}
	if err := mounts(); err != nil {
		return 0, err
	}
	// Nothing but its own end ends the program: the first process has no other life.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program[0], program[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	for fd := firstFD; fd < firstFD+files; fd++ {
		cmd.ExtraFiles = append(cmd.ExtraFiles, os.NewFile(uintptr(fd), fmt.Sprintf("inherited-%d", fd)))
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start the sandbox's program: %w", err)
	}
	return collect(cmd.Process.Pid)
}

func awaitLeave() error {
	f := os.NewFile(goFD, "leave")
	defer f.Close()
	if n, err := f.Read(make([]byte, 1)); n != 1 {
		return fmt.Errorf("the process that was starting the sandbox died: %w", err)
	}
	return nil
}

func mounts() error {
	if err := kernel.PrivateMounts(); err != nil {
		return fmt.Errorf("keep the sandbox's mounts to itself: %w", err)
	}
	if err := kernel.MountProc(); err != nil {
		return fmt.Errorf("mount the sandbox's /proc: %w", err)
	}
	return Tmpfs("/run")
}

// Tmpfs mounts an empty file system in memory over a folder of the calling
// process's mount namespace.
func Tmpfs(dir string) error {
	if err := kernel.MountTmpfs(dir); err != nil {
		return fmt.Errorf("mount a tmpfs on %s: %w", dir, err)
	}
	return nil
}

// collect waits for children until the program's own process ends.
func collect(program int) (int, error) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, fmt.Errorf("collect the sandbox's processes: %w", err)
		case pid == program && status.Signaled():
			return 128 + int(status.Signal()), nil
		case pid == program && status.Exited():
			return status.ExitStatus(), nil
		}
	}
}
