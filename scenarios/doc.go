// Package scenarios holds what a mesh is tried with, one file a scenario.
//
// Owns: the scenarios (see run.Scenario), sampling from every source cluster, the
// callers without a sidecar. May import: framework. What a scenario makes goes
// through the ledger, and each restores what it changed before it ends.
package scenarios
