// Package sandbox runs a program in PID, mount, network, IPC and UTS
// namespaces and a cgroup of its own. When the first process in it dies, for
// whatever reason, the kernel kills all the others: that makes the lab
// crash-safe.
//
// Owns: starting a sandbox, its first process, waiting for it, ending it.
// May import: lab/internal/cgroup, x/sys/unix.
package sandbox
