// Package engine asks a container engine whether it can run kind's nodes, and
// does on it the few things that kind's library does not offer.
//
// Owns: what an engine must be able to do, and the advice where it cannot; the
// network between nodes; commands on a node.
// May import: lab/parts (for *parts.Unmet).
package engine
