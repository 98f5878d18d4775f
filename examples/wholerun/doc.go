// Package wholerun shows how to prove a mesh from Go: clusters, set-up, scenarios,
// clean-up and report, as `eastwest verify` does it.
//
// Owns: the example.
// May import: lab, providers, suites, framework.
package wholerun
