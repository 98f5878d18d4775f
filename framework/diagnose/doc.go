// Package diagnose says which links of a mesh are broken, which of them is the cause, and
// what to do about it.
//
// It takes a Snapshot, has calls made from Sleep if there is one, and asks the checks. A
// finding hides only what it explains for the same pair of clusters; calls that were seen
// to work make a warning of what would otherwise be an error about their way.
//
// Owns: the calls of a diagnosis, the order of findings, how they are shown.
// May import: framework/checks, framework/istio, framework/probe, framework/verdict,
// framework/fleet, framework/redact, and the result model of framework/report.
package diagnose
