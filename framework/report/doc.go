// Package report holds the result of a run and its renderings: terminal,
// JUnit, JSON, HTML and Markdown.
//
// Owns: the versioned result model, the outcome of a run, the renderings, the
// merging of results.
// May import: framework/verdict and the standard library. It is pure: it takes
// values and returns bytes; files are written by the caller.
//
// # Honesty
//
// Run.Limits says what was only imitated: the platform, a CA, the data plane.
// Every rendering puts it beside the verdict, so that no reader can take a
// rehearsal for a test of the real thing. A new rendering must do the same;
// TestEveryRenderingTellsWhatWasImitated checks it.
package report
