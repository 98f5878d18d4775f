// Package checks is the catalogue of what can be wrong with a mesh that spans clusters.
//
// A check asks one question of a Snapshot and knows one fix. It is a pure function: it
// makes no request, has no clock and prints nothing. It answers that all is well, or what it
// found and for which pairs of clusters, or that something it needs could not be read.
//
// One file a check, named after its ID; catalogue.go lists them. Its tests are
// testdata/ID/*.yaml; testdata/healthy has the meshes in which no check may find anything.
//
// Owns: the checks, how they are asked.
// May import: framework/cell for versions, framework/istio, framework/istio/names, framework/kube for the form of
// commands, framework/verdict.
package checks
