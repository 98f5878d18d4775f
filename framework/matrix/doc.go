// Package matrix runs every cell that a lab can run, one after another, and says of each
// other why it was not run.
//
// Owns: the processes of the cells, the reports of all of them together.
// May import: framework, internal/kernel.
package matrix
