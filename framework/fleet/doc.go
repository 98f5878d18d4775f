// Package fleet knows the clusters of a run: who they are, how they are
// reached, and that no two of them are the same.
//
// Owns: Fleet, Cluster, connecting and identity, minimal kubeconfigs of one
// context each, the discovery of revisions, and Provider, what an environment that
// makes clusters offers.
// May import: framework/kube.
package fleet
