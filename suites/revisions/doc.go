// Package revisions is the suite that compares two revisions of the mesh that is there: every
// mix of callers and services of both, and the way back.
//
// Owns: the suite's table of contents.
// May import: scenarios, suite and framework.
package revisions
