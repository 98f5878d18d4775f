// Command eastwest proves that a service mesh over several clusters works,
// and when it does not, says which link is broken and what to do.
//
// Owns: flags, help and exit codes; one file a command, no logic.
// May import: everything.
package main
