package topology

import (
	"cmp"
	"fmt"
	"net/netip"
)

// MaxClusters is how many clusters the address plan holds.
const MaxClusters = 50

// RegistryPort is where the image registry listens on the Router's address.
const RegistryPort = 5000

// APIPort is where each API server listens on its node's address.
const APIPort = 6443

// DNSPort is where the DNS of the network between the clusters listens on the
// Router's address.
const DNSPort = 53

// BalancerZone is the DNS zone of load balancers' host names. ".internal" is
// reserved for private use: it can be nobody's.
const BalancerZone = "balancers.lab.internal"

// Internet is the range of the network between the clusters.
func Internet() netip.Prefix { return netip.MustParsePrefix("172.30.0.0/16") }

// Router is the address of the bridge on the network between the clusters:
// the nodes' default gateway, which knows no way into any pod network.
func Router() netip.Addr { return netip.MustParseAddr("172.30.0.1") }

// Cluster is what follows from a cluster's number.
type Cluster struct {
	// Number counts from 1.
	Number int
	// Joined is the network that the cluster was put on; empty for one of its own.
	Joined string `json:",omitempty"`
}

// Clusters returns the first n clusters.
func Clusters(n int) ([]Cluster, error) {
	if n < 1 || n > MaxClusters {
		return nil, fmt.Errorf("want 1 to %d clusters, not %d", MaxClusters, n)
	}
	all := make([]Cluster, n)
	for i := range all {
		all[i].Number = i + 1
	}
	return all, nil
}

// Name is the cluster's name and its ID in the mesh.
func (c Cluster) Name() string { return fmt.Sprintf("cluster%d", c.Number) }

// Network is the name of the cluster's network in the mesh.
func (c Cluster) Network() string { return cmp.Or(c.Joined, fmt.Sprintf("network%d", c.Number)) }

// NodeName is the name of the cluster's only node.
func (c Cluster) NodeName() string { return c.Name() + "-node" }

// Node is the node's address on the network between the clusters.
func (c Cluster) Node() netip.Addr { return netip.AddrFrom4([4]byte{172, 30, 0, byte(10 + c.Number)}) }

// LoadBalancers is the range that the cluster's load balancers take addresses from.
func (c Cluster) LoadBalancers() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 30, byte(100 + c.Number), 0}), 24)
}

// FarLoadBalancers is the range of balancers that stand outside of the cluster,
// behind the Router, as a cloud's do. It is not part of Internet, so that nodes
// reach it by their default gateway.
func (c Cluster) FarLoadBalancers() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 31, byte(100 + c.Number), 0}), 24)
}

// Pods is the range of the cluster's pod addresses. Only clusters of the same network have a
// route to it.
func (c Cluster) Pods() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(100 + c.Number), 0, 0}), 16)
}

// NodePods is the part of Pods that the only node hands out: the first /24, as
// the controller manager allocates it.
func (c Cluster) NodePods() netip.Prefix { return netip.PrefixFrom(c.Pods().Addr(), 24) }

// Services is the range of the cluster's service addresses.
func (c Cluster) Services() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(150 + c.Number), 0, 0}), 20)
}

// APIService is the address of the Service default/kubernetes.
func (c Cluster) APIService() netip.Addr { return c.Services().Addr().Next() }

// DNSService is the address of the Service kube-system/kube-dns: the tenth, as kubeadm has it.
func (c Cluster) DNSService() netip.Addr {
	address := c.Services().Addr()
	for range 10 {
		address = address.Next()
	}
	return address
}

// Server is the API server's URL on the network between the clusters.
func (c Cluster) Server() string { return fmt.Sprintf("https://%s:%d", c.Node(), APIPort) }
