package kernel

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Linux is true where a lab can run.
const Linux = true

// Types of routes; see rtnetlink(7).
const (
	RouteBlackhole   = unix.RTN_BLACKHOLE
	RouteUnreachable = unix.RTN_UNREACHABLE
)

// Capabilities are the effective ones of this process, as bits; 0 when the kernel does not tell.
func Capabilities() uint64 {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 0
	}
	return uint64(data[0].Effective) | uint64(data[1].Effective)<<32
}

// IsCgroup2 is true for a folder of a hierarchy of version 2.
func IsCgroup2(dir string) bool {
	var st unix.Statfs_t
	return unix.Statfs(dir, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC
}

// Separate makes a command's process the first in new namespaces.
func Separate(attr *syscall.SysProcAttr, n Namespaces) {
	for flag, wanted := range map[uintptr]bool{
		syscall.CLONE_NEWPID: n.PID, syscall.CLONE_NEWNS: n.Mount, syscall.CLONE_NEWNET: n.Network,
		syscall.CLONE_NEWIPC: n.IPC, syscall.CLONE_NEWUTS: n.Hostname,
	} {
		if wanted {
			attr.Cloneflags |= flag
		}
	}
}

// OwnMounts gives a command mounts of its own, which the host does not see and which end with it.
func OwnMounts(attr *syscall.SysProcAttr) { attr.Unshareflags |= syscall.CLONE_NEWNS }

// EndWithParent sends a command a signal when the thread that started it ends.
func EndWithParent(attr *syscall.SysProcAttr, signal syscall.Signal) { attr.Pdeathsig = signal }

// EnterNetwork moves the calling thread into a network namespace, by an open file of it.
func EnterNetwork(namespace int) error { return unix.Setns(namespace, unix.CLONE_NEWNET) }

// PrivateMounts keeps the mounts of the calling process's namespace to itself.
func PrivateMounts() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }

// MountProc mounts /proc of the calling process's PID namespace.
func MountProc() error {
	return unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
}

// MountTmpfs mounts an empty file system in memory.
func MountTmpfs(dir string) error {
	return unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755")
}

// MountBind shows a folder, with all that is mounted in it, under another name.
func MountBind(from, to string) error {
	return unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "")
}

// MountOverlay mounts an overlay with options as mount(8) takes them.
func MountOverlay(dir, options string) error {
	return unix.Mount("overlay", dir, "overlay", 0, options)
}

// Process is a handle of a process: it never means another one.
type Process struct{ fd int }

// OpenProcess returns a handle of a living process, or of one that its parent did not wait for.
func OpenProcess(pid int) (Process, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	return Process{fd: fd}, err
}

// Close gives the handle back.
func (p Process) Close() { _ = unix.Close(p.fd) }

// Kill ends it; one that has ended is no error.
func (p Process) Kill() error {
	if err := unix.PidfdSendSignal(p.fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// AwaitEnd waits so long for its end, and says whether it ended.
func (p Process) AwaitEnd(d time.Duration) (bool, error) {
	fds := []unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}} //nolint:gosec // a file descriptor
	n, err := unix.Poll(fds, int(d.Milliseconds()))
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	return n > 0, err
}
