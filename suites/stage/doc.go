// Package stage is the run behind the suites: what is connected, made, tried,
// diagnosed and undone, and the report of it. It has no test framework in it,
// so that a suite, a drill and a command tell the same story.
//
// Owns: the order set-up, scenarios, diagnosis, undo, proof; the run's report
// and its progress lines.
// May import: scenarios and framework.
package stage
