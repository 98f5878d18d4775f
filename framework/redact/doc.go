// Package redact takes secrets out of what other programs say, so that it can
// be kept in a report. It is a last line of defence: a program that is known
// to print secrets is not quoted at all.
//
// Owns: the patterns of secrets.
// May import: the standard library. It is pure.
package redact
