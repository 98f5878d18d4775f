// Package place makes the lab, kind clusters or a user's fleet a
// fleet.Provider, so that suites and commands know no difference between them
// but their traits.
//
// Owns: the adapters; mirror/ serves what upstream's registry would, for trials.
// May import: framework/fleet, framework/fleetfile, framework/kube, lab, kind.
package place
