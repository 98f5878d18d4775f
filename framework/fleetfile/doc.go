// Package fleetfile reads fleet files, the description of somebody's clusters,
// and says everything about them that can be said without touching one.
//
// Owns: the schema (apiVersion eastwest.dev/v1alpha1, kind Fleet), its strict
// reader, the same description made of kubeconfigs and contexts, the checks of
// kubeconfigs, names and tools, the defaults that a folder of "asmcli install"
// gives.
// May import: framework/cell, framework/fleet, framework/kube.
//
// docs/fleet-file.md has every field, and a test keeps it so.
//
// # Sources
//
//	ASMCLI   GoogleCloudPlatform/anthos-service-mesh-packages, 1.28.2-asm.4
//	ISTIO    istio/istio at 1.31
package fleetfile
