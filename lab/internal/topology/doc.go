// Package topology lays out the lab's addresses: the network that stands for
// the internet, and each cluster's own pod and service ranges on it.
//
// Owns: every address and name of the lab that follows from a cluster's number.
// May import: the standard library. It is pure.
package topology
