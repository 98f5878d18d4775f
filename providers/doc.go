// Package providers puts the three environments (the lab, kind clusters, a user's
// fleet) behind fleet.Provider, so that suites and commands know no difference
// between them but their traits.
//
// Owns: the adapters; mirror/ serves what upstream's registry would, for trials.
// May import: framework/fleet, framework/fleetfile, framework/kube, lab, kind.
package providers
