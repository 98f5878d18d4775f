package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

const (
	// containerdStart bounds containerd's start, which takes 0.2 s.
	containerdStart = 30 * time.Second
	// containerdStop is what containerd gets to close its databases.
	containerdStop = 10 * time.Second
	// socketPoll is how often the socket is tried: nothing announces it.
	socketPoll = 50 * time.Millisecond
	// pinned keeps kubelet's image garbage collection off the images.
	pinned = "io.cri-containerd.pinned=pinned"
)

// containerdConfig has no CRI and no other snapshotter: the daemon only
// imports images. Version 3 is containerd 2's format.
const containerdConfig = `version = 3
root = %q
state = %q
disabled_plugins = [
  "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri",
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.native", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.nri.v1.nri", "io.containerd.internal.v1.opt",
]
[grpc]
  address = %q
[ttrpc]
  address = %q
`

// daemon is a containerd that runs for as long as an import takes.
type daemon struct {
	set    parts.Set
	dir    string // configuration, state, sockets; short, for a socket's path has 108 bytes
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
}

// startContainerd starts containerd with its root in dir and awaits its socket.
func startContainerd(ctx context.Context, set parts.Set, root string) (*daemon, error) {
	dir, err := os.MkdirTemp("", "eastwest-golden-")
	if err != nil {
		return nil, fmt.Errorf("start containerd: %w", err)
	}
	d := &daemon{set: set, dir: dir, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		defer close(d.exited)
		// Pdeathsig counts from the death of the thread that started the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := d.start(root)
		started <- err
		if err == nil {
			_ = d.cmd.Wait() // how it ended is in ProcessState
		}
	}()
	if err := <-started; err != nil {
		return nil, errors.Join(fmt.Errorf("start containerd: %w", err), os.RemoveAll(dir))
	}
	if err := d.awaitSocket(ctx); err != nil {
		return nil, errors.Join(err, d.stop())
	}
	return d, nil
}

// start writes the configuration and starts the process.
func (d *daemon) start(root string) error {
	config := fmt.Sprintf(containerdConfig, root, filepath.Join(d.dir, "state"), d.socket(), d.socket()+".ttrpc")
	configPath := filepath.Join(d.dir, "config.toml")
	if err := os.WriteFile(configPath, []byte(config), 0o600); err != nil {
		return err
	}
	log, err := os.Create(d.logPath())
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the process has a copy
	// Not tied to a context: an interrupt must end it in order, by stop.
	d.cmd = exec.Command(d.set.Path("containerd"), "--config", configPath) //nolint:noctx // see above
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// Its mounts, made while it unpacks, are its own and end with it.
	kernel.OwnMounts(d.cmd.SysProcAttr)
	kernel.EndWithParent(d.cmd.SysProcAttr, syscall.SIGKILL)
	return d.cmd.Start()
}

func (d *daemon) socket() string  { return filepath.Join(d.dir, "containerd.sock") }
func (d *daemon) logPath() string { return filepath.Join(d.dir, "containerd.log") }

func (d *daemon) awaitSocket(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, containerdStart)
	defer cancel()
	dialer := net.Dialer{}
	for {
		conn, err := dialer.DialContext(ctx, "unix", d.socket())
		if err == nil {
			return conn.Close()
		}
		select {
		case <-d.exited:
			return fmt.Errorf("containerd ended while it started (%s):\n%s", d.cmd.ProcessState, d.lastLog())
		case <-ctx.Done():
			return fmt.Errorf("await containerd's socket within %s: %w:\n%s", containerdStart, err, d.lastLog())
		case <-time.After(socketPoll):
		}
	}
}

// importStore imports, unpacks and pins every image of the store.
func (d *daemon) importStore(ctx context.Context, store Store) error {
	archive := store.archive()
	defer func() { _ = archive.Close() }() // ends the stream if ctr stopped reading
	_, err := d.ctr(ctx, archive, "images", "import", "--snapshotter", "overlayfs", "--label", pinned, "-")
	if err != nil {
		return err
	}
	return d.checkImport(ctx, store)
}

// checkImport compares what containerd has with what the store holds.
func (d *daemon) checkImport(ctx context.Context, store Store) error {
	out, err := d.ctr(ctx, nil, "images", "ls", "-q")
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, name := range strings.Fields(out) {
		have[name] = true
	}
	for _, ref := range store.References() {
		if !have[fullName(ref)] {
			return fmt.Errorf("containerd lacks %s after the import; it has %q", fullName(ref), strings.Fields(out))
		}
	}
	return nil
}

// ctr runs the client of the same version.
func (d *daemon) ctr(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	args = append([]string{"--address", d.socket(), "--namespace", "k8s.io"}, args...)
	cmd := exec.CommandContext(ctx, d.set.Path("ctr"), args...)
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// stop ends containerd in order, so that its databases are closed, and removes
// everything of it but its root.
func (d *daemon) stop() error {
	var err error
	_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-d.exited:
	case <-time.After(containerdStop):
		_ = d.cmd.Process.Kill()
		<-d.exited
		err = fmt.Errorf("containerd did not end within %s of SIGTERM:\n%s", containerdStop, d.lastLog())
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// lastLog is the end of containerd's log.
func (d *daemon) lastLog() string {
	const keep = 2000 // bytes
	text, err := os.ReadFile(d.logPath())
	if err != nil {
		return "its log cannot be read: " + err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-keep):]))
}
