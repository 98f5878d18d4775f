// Command releases renews framework/istio/releases/data: what Istio's releases say of
// themselves, read from the source of those that the Go module proxy serves.
//
//	go run ./internal/releases
//
// Owns: reading Istio's source for flags, the reader role, the least versions of Kubernetes
// and the Gateway API; the list of the modules that are read.
// May import: framework/istio/releases, lab/parts/pins. It needs the go command and, where
// the modules are not in its cache, the network.
package main
