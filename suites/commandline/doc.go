// Package commandline builds the eastwest binary and runs it as a user would,
// for tests that are about a process: killed, run twice, on another network.
//
// Owns: building the binary for a test, and commands whose ledgers lie in a
// folder of the test's own.
// May import: nothing of ours.
package commandline
