// Package lab makes real Kubernetes clusters on this machine from Go modules:
// no Docker, no registry, no cloud.
//
// Owns: the lab as a whole: up, down, status, faults, what the host keeps of
// it, and the lab as a provider of e2e-framework.
// May import: its own sub-packages and e2e-framework; the data plane only as a
// binary; nothing of framework/.
package lab
