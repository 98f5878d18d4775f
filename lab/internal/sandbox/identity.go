package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
)

// Identity names a process for as long as the machine runs: the kernel gives
// process IDs out again, but not with the same start time.
type Identity struct {
	PID int `json:"pid"`
	// Start is in clock ticks after boot (field 22 of /proc/PID/stat, proc(5)).
	Start string `json:"start"`
}

// Identify returns the identity of a living process.
func Identify(pid int) (Identity, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Identity{}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	// The name, field 2, may hold spaces and parentheses; what follows its end does not.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const startTime = 22 - 3
	if len(fields) <= startTime {
		return Identity{}, fmt.Errorf("identify process %d: unexpected form of its stat file", pid)
	}
	return Identity{PID: pid, Start: string(fields[startTime])}, nil
}

// Alive says whether that very process still runs. A process that ended but
// was not waited for by its parent counts as alive no more.
func (id Identity) Alive() bool {
	process, err := id.open()
	if err != nil {
		return false
	}
	defer process.Close()
	ended, err := process.AwaitEnd(0)
	return err == nil && !ended
}

// End kills the process and waits until it is gone. The first process of a
// PID namespace is gone only after every other process in it.
func (id Identity) End(ctx context.Context) error {
	process, err := id.open()
	if err != nil {
		return nil // gone already
	}
	defer process.Close()
	if err := process.Kill(); err != nil {
		return fmt.Errorf("kill process %d: %w", id.PID, err)
	}
	for {
		const slice = 200 * time.Millisecond // how late a cancelled context is seen
		ended, err := process.AwaitEnd(slice)
		if err != nil {
			return fmt.Errorf("wait for the end of process %d: %w", id.PID, err)
		}
		if ended {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("wait for the end of process %d: %w", id.PID, err)
		}
	}
}

// open returns a handle of the process, or an error if it is gone or another.
func (id Identity) open() (kernel.Process, error) {
	process, err := kernel.OpenProcess(id.PID)
	if err != nil {
		return process, err
	}
	now, err := Identify(id.PID)
	if err != nil || now != id {
		process.Close()
		return process, errors.New("another process")
	}
	return process, nil
}
