// Package run is one run from clusters to report: the guide's steps as one plan,
// scenarios, diagnosis, undo, proof. It has no test framework in it, so that a
// suite, a drill and a command do the same; `eastwest plan` prints its plan and
// `eastwest verify` runs it.
//
// A scenario is data and a function: what the guide promises, where it says so,
// what the scenario needs, and how it is tried. The function returns nil when the
// promise was kept, a *Violation when the mesh broke it, ErrUnsupported when the
// fleet is not made for it, and any other error when the test could not tell.
//
// Owns: the order of all that, the report of a run and its progress lines, what
// scenarios run in.
// May import: framework.
package run
