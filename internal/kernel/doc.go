// Package kernel is all that only Linux can do: namespaces, mounts, handles of processes,
// capabilities. On other systems everything else of eastwest works (fleets, snapshots,
// reports, kind) and these functions return [ErrNotLinux].
//
// Owns: the one place with build tags. May import: golang.org/x/sys.
package kernel
