// Package parts builds the real programs that a lab runs (etcd, Kubernetes,
// containerd, runc, CNI, CoreDNS, Istio) from Go modules, once, into a cache.
//
// Most sub-folders are modules that hold only tool directives and the go.sum
// that pins them; nothing there is imported by the programs or imports them.
// The others are code: envoy fetches the proxy, keep is a cache's folder, ensure
// a command that builds what tests need.
//
// Owns: the families of programs, their build flags and versions, the cache of
// built sets, what the machine must have before a build can start.
// May import: the standard library and golang.org/x/sys.
package parts
