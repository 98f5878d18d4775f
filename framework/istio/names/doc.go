// Package names is the vocabulary of Istio and Anthos Service Mesh: labels, annotations,
// ports, names of objects and containers, endpoints. Each stands here once, with its source
// in Istio; what holds for some releases only says for which.
//
// Files in Istio are those of the release that the lab's parts pin.
//
// Owns: constants, and functions from names to names.
// May import: the standard library.
package names
