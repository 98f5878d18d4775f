// Package kubetest starts a real Kubernetes control plane for tests: etcd, an
// API server and the controller manager, without nodes.
//
// Owns: starting and ending it.
// May import: client-go and controller-runtime's envtest. Only tests import it.
package kubetest
