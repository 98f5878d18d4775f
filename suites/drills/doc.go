// Package drills breaks a running mesh in every way that the lab knows, and
// wants each break to be seen, named and gone once it is mended: a detector
// that never fired is not known to work.
//
// Owns: the table of what each fault must look like.
// May import: scenarios, framework, providers and lab/faults. It
// has tests only.
package drills
