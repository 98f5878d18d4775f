// Package scenarios holds what a mesh is tried with, one file a scenario.
//
// A scenario is data and a function: the page's promise, where it says so,
// what it needs, and how it is tried. It returns nil when the promise was kept,
// a *Violation when the mesh broke it, ErrUnsupported when the fleet is not
// made for it, and any other error when the test could not tell.
//
// Owns: the scenarios, sampling from every source cluster, the callers without
// a sidecar. May import: framework. What a scenario makes goes through the
// ledger, and each restores what it changed before it ends.
package scenarios
