// Package tally counts what long targets tried, in a file, so that a target that was stopped
// goes on where it was.
//
// Owns: the file and the bound that its numbers prove. May import: nothing of ours.
package tally
