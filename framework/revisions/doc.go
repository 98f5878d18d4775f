// Package revisions says which calls there are between two revisions of a mesh: the cells,
// what calling them costs, in which order they are called, and what the counts mean.
//
// Both revisions have a namespace of their own in every cluster, with a caller, a service
// that runs in all clusters, and one service for each cluster that runs only there. A cell
// is a caller and a service. The cell with the old revision on both sides, of the same
// clusters and the same service, is the baseline of the others.
//
// Services that run in one cluster only are what finds most: istiod has callers accept the
// identities of all endpoints of a service, so that a local endpoint hides a remote one whose
// identity the caller would refuse (updateShardServiceAccount in
// pilot/pkg/model/endpointshards.go).
//
// Owns: the cells, their cost, order and outcomes.
// May import: verdict. It is pure.
package revisions
