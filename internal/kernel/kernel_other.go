//go:build !linux

package kernel

import (
	"syscall"
	"time"
)

// Linux is true where a lab can run.
const Linux = false

// Types of routes; no route is ever made here.
const (
	RouteBlackhole   = 0
	RouteUnreachable = 0
)

// Capabilities is 0: this system has none.
func Capabilities() uint64 { return 0 }

// IsCgroup2 is false: this system has no control groups.
func IsCgroup2(string) bool { return false }

// Separate does nothing: this system has no namespaces, and what needs them ends before.
func Separate(*syscall.SysProcAttr, Namespaces) {}

// OwnMounts does nothing, as Separate.
func OwnMounts(*syscall.SysProcAttr) {}

// EndWithParent does nothing: this system cannot.
func EndWithParent(*syscall.SysProcAttr, syscall.Signal) {}

// EnterNetwork returns ErrNotLinux.
func EnterNetwork(int) error { return ErrNotLinux }

// PrivateMounts returns ErrNotLinux.
func PrivateMounts() error { return ErrNotLinux }

// MountProc returns ErrNotLinux.
func MountProc() error { return ErrNotLinux }

// MountTmpfs returns ErrNotLinux.
func MountTmpfs(string) error { return ErrNotLinux }

// MountBind returns ErrNotLinux.
func MountBind(_, _ string) error { return ErrNotLinux }

// MountOverlay returns ErrNotLinux.
func MountOverlay(_, _ string) error { return ErrNotLinux }

// Process is never had here.
type Process struct{}

// OpenProcess returns ErrNotLinux.
func OpenProcess(int) (Process, error) { return Process{}, ErrNotLinux }

// Close does nothing.
func (Process) Close() {}

// Kill returns ErrNotLinux.
func (Process) Kill() error { return ErrNotLinux }

// AwaitEnd returns ErrNotLinux.
func (Process) AwaitEnd(time.Duration) (bool, error) { return false, ErrNotLinux }
