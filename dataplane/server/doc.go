// Package server wires a whole proxy: it puts what the control plane sends in
// force and says when the proxy is live. Owns: the order of things. May import:
// everything of the data plane.
package server
