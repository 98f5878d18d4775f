// Package node runs one Kubernetes cluster of one node from the lab's parts:
// etcd, the control plane, containerd, kubelet, kube-proxy and CoreDNS, each
// the real program.
//
// Owns: their credentials, configuration files, command lines, order and life.
// May import: lab/internal/topology, lab/internal/pki, lab/internal/network, lab/internal/sandbox (for mounts), client-go.
package node
