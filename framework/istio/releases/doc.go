// Package releases says what changed between Istio's releases: defaults of flags, other
// behaviour, what istiod asks of remote clusters, what it needs, and known defects.
//
// Owns: the catalogue of Istio's releases from 1.20 on.
// May import: framework/istio/names and the standard library. It is pure.
//
// # What is read and what was entered by hand
//
// data has a file for each release whose source the Go module proxy serves; internal/releases
// writes them (`go generate ./framework/istio/releases`). Between those releases every flag is
// known. All else is entered by hand, from Istio's release notes and release branches, and
// holds only flags that changed, went, or came with a default that does something.
//
// Builds of vendors are Istio with patches: they are found by upstream's version, and may
// differ from what is written here.
package releases

//go:generate go -C ../../.. run ./internal/releases
