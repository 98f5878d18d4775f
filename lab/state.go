package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/eastwest-mesh/eastwest/lab/internal/sandbox"
	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
)

// State is what the host keeps of a running lab. It holds no secret.
type State struct {
	Name    string           `json:"name"`
	Process sandbox.Identity `json:"process"`
	Started time.Time        `json:"started"`
	// Clusters are in the order of their numbers.
	Clusters []Cluster `json:"clusters"`
	// Istios are the versions of Istio that can be installed, the lab's own first.
	Istios []Istio `json:"istios"`
	// TrustDomain is that of the mesh; empty means Istio's default.
	TrustDomain string `json:"trustDomain,omitempty"`
	// Envoy is the program in the proxies' images.
	Envoy envoy.Binary `json:"envoy"`
	// Parts are the versions of the programs that run.
	Parts []parts.Version `json:"parts"`
}

// Cluster is one cluster of a lab, as its users need it.
type Cluster struct {
	Name    string `json:"name"`
	Network string `json:"network"`
	// Primary is the cluster whose control plane is meant to serve this one; empty for its own.
	Primary string `json:"primary,omitempty"`
	// Kubeconfig is a file whose server is a port on the host's loopback.
	Kubeconfig string `json:"kubeconfig"`
	// Server is the API server's URL as pods of the other clusters reach it.
	Server string `json:"server"`
	// AuditLog is the API server's audit log, one JSON document a line; empty for none.
	AuditLog string `json:"auditLog,omitempty"`
}

// ErrNotRunning says that there is no such lab.
var ErrNotRunning = errors.New("no such lab is running; start one with \"eastwest lab up\"")

// RunningError refuses a second lab of a name and names the first.
type RunningError struct{ State State }

func (e *RunningError) Error() string {
	return fmt.Sprintf("lab %q is running already: %d clusters, process %d, up since %s; use it, or end it with \"eastwest lab down\"",
		e.State.Name, len(e.State.Clusters), e.State.Process.PID, e.State.Started.Format(time.RFC3339))
}

func (f folders) readState() (State, error) {
	var st State
	data, err := os.ReadFile(f.state())
	if err != nil {
		return st, err
	}
	if err := json.Unmarshal(data, &st); err != nil {
		return st, fmt.Errorf("read the lab's state %s: %w", f.state(), err)
	}
	return st, nil
}

// writeState replaces the state at once: a reader sees the old or the new.
func (f folders) writeState(st State) error {
	data, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	tmp := f.state() + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return fmt.Errorf("write the lab's state: %w", err)
	}
	return os.Rename(tmp, f.state())
}

// running returns the state of the lab if it runs.
func (f folders) running() (State, error) {
	st, err := f.readState()
	if errors.Is(err, fs.ErrNotExist) {
		return st, ErrNotRunning
	}
	if err != nil {
		return st, err
	}
	if !st.Process.Alive() {
		return st, ErrNotRunning
	}
	return st, nil
}

// busyError says that another command works on the lab right now.
type busyError struct{ name string }

func (e busyError) Error() string {
	return fmt.Sprintf("another command is starting or ending lab %q right now; try again when it is done", e.name)
}

// acquire takes the lab's lock, which the kernel gives back whatever happens
// to its holder.
func (f folders) acquire() (release func(), err error) {
	if err := os.MkdirAll(filepath.Dir(f.lock()), 0o755); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(f.lock(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the lab: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, busyError{name: f.name}
		}
		return nil, fmt.Errorf("lock the lab: %w", err)
	}
	return func() { _ = lock.Close() }, nil
}
