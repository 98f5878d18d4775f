// Package fleets proves what eastwest does on clusters that are somebody's: a
// lab whose clusters have control planes stands for them, and is reached on its
// own network by its nodes' addresses, with the guide's own tools.
//
// Owns: that proof, which is a test.
// May import: framework, suites and, in its tests, lab.
package fleets
