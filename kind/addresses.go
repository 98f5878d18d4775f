package kind

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// poolBits is the size of each cluster's range of load balancer addresses: a
// /29 has six to give, and the guide needs one.
const poolBits = 29

// loadBalancers is the range of the engine's network that the load balancers of
// the cluster with this node take their addresses from. The engine gives
// containers the lowest free addresses of the network; ranges are counted from
// its other end, by the node's own address. So no two living nodes share one,
// whoever made them, and nobody has to keep a list.
func loadBalancers(network netip.Prefix, node netip.Addr) (netip.Prefix, error) {
	network = network.Masked()
	if !node.Is4() || !network.Contains(node) {
		return netip.Prefix{}, fmt.Errorf("node address %s is not an IPv4 address of the engine's network %s", node, network)
	}
	const size = 1 << (32 - poolBits)
	first, own := number(network.Addr()), number(node)
	total := uint64(1) << (32 - network.Bits())
	// The last range holds the broadcast address and stays unused; the lower
	// half of the network is the containers'.
	fromEnd := (uint64(own-first) + 2) * size
	if fromEnd > total/2 {
		return netip.Prefix{}, fmt.Errorf("the engine's network %s has no room for load balancers of node %s; remove containers of other work, or make the network anew with a larger subnet (at least a /24)", network, node)
	}
	start := uint64(first) + total - fromEnd
	var four [4]byte
	binary.BigEndian.PutUint32(four[:], uint32(start)) //nolint:gosec // inside of an IPv4 range
	return netip.PrefixFrom(netip.AddrFrom4(four), poolBits), nil
}

func number(a netip.Addr) uint32 {
	four := a.As4()
	return binary.BigEndian.Uint32(four[:])
}
