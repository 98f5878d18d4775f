// Package cell holds the matrix of platforms and CAs as one table: which cells
// are allowed, which are refused and why, and what each needs: flags, the
// address that its load balancer gives, what it is called in asmcli.
//
// Owns: the matrix, the names of platforms and CAs, the rules that depend on
// the version of the mesh or of istioctl.
// May import: the standard library. It is pure.
//
// # Sources
//
// Every row names where it comes from, by these names:
//
//	GUIDE     "Set up a multi-cluster mesh outside Google Cloud", its tabs
//	INSTALL  Google's "Install Cloud Service Mesh outside Google Cloud", 1.26
//	FEATURES Google's "Supported features, in-cluster control plane", 1.22
//	HYBRID   Google's guide to a hybrid mesh, GKE with clusters on premises, 1.24
//	NOTES    Google's release notes of Cloud Service Mesh
//	ASMCLI   GoogleCloudPlatform/anthos-service-mesh-packages, 1.28.2-asm.4
//	ISTIO    istio/istio at 1.31, file and line, or the pull request
package cell
