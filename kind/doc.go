// Package kind makes the clusters of a run with the sigs.k8s.io/kind library:
// several in parallel, each with ranges of its own, load balancers whose
// addresses the other clusters reach, and nothing left of them afterwards.
//
// Owns: the configuration and names of the clusters, their load balancers, the
// folder that remembers them, and their removal after the end or a crash.
// May import: kind, lab/loadbalancer, lab/parts (for what a machine lacks).
package kind
