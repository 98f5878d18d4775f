// Package basic is the suite that proves the guide: its steps one by one, the
// scenarios, and that the clusters are left as they were. It is run by
// `eastwest verify`, which needs no Go toolchain, by `go test` and by `ginkgo`.
//
// Owns: the suite's table of contents and running it.
// May import: scenarios and framework.
package basic
