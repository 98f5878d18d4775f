// Package suite runs a table of contents: the steps of a plan one by one, scenarios, and
// that the clusters are left as they were. It is run by `eastwest verify`, which needs no Go
// toolchain, by `go test` and by `ginkgo`.
//
// Owns: the tree of specs, and running it.
// May import: framework.
package suite
