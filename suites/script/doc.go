// Package script proves that the script which "eastwest plan -o shell" prints
// does the same as eastwest: bash runs it on a lab, and what it built is then
// judged by the basic suite.
//
// Owns: that proof, which is a test.
// May import: framework, providers, suites and, in its tests, lab.
package script
