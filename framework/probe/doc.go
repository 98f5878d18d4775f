// Package probe asks a running mesh questions and returns typed answers: a
// batch of HTTP calls made by one curl, what an address answers to TCP, TLS
// and plaintext, and the counters that a proxy keeps for each upstream host.
//
// Owns: what runs inside pods, and the parsers of what it prints.
// May import: framework/kube. It judges nothing; that is framework/verdict's work.
//
// A probe never confuses "the mesh refused" with "the probe did not run": what
// it lost track of is Unsound, and an exec that broke is an error.
package probe
