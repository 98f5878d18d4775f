// Package cgroup gives the lab a cgroup of its own, so that whatever runs in
// it can be found, counted and removed, also after a crash.
//
// Owns: making and removing one cgroup in every hierarchy of the host, of
// version 1 and 2.
// May import: the standard library and x/sys/unix.
package cgroup
