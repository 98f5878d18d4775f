// Package basic is the suite that proves the guide: its steps one by one, the
// scenarios, and that the clusters are left as they were.
//
// Owns: the suite's table of contents.
// May import: scenarios, suite and framework.
package basic
