// Package node runs one Kubernetes cluster of one node from the lab's parts:
// etcd, the control plane, containerd, kubelet, kube-proxy and CoreDNS, each
// the real program.
//
// Owns: their credentials, configuration files, command lines, order and life.
// May import: lab/topology, lab/pki, lab/network, lab/sandbox (for mounts), client-go.
package node
