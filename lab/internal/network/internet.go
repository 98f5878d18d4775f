package network

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
)

const (
	bridgeName = "internet"
	// nodeLink is what a node calls its link.
	nodeLink = "eth0"
)

// Internet is the network between the clusters, in the calling process's
// network namespace.
type Internet struct{ bridge netlink.Link }

// NewInternet makes the bridge. A packet for a pod of another cluster is
// answered with "unreachable" at once: pod networks are truly separate, and
// a test of that needs no time-out.
func NewInternet() (*Internet, error) {
	if err := up("lo"); err != nil {
		return nil, err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = bridgeName
	if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
		return nil, fmt.Errorf("make the bridge between the clusters: %w", err)
	}
	bridge, err := netlink.LinkByName(bridgeName)
	if err != nil {
		return nil, fmt.Errorf("find the bridge between the clusters: %w", err)
	}
	if err := address(bridge, netip.PrefixFrom(topology.Router(), topology.Internet().Bits())); err != nil {
		return nil, err
	}
	if err := up(bridgeName); err != nil {
		return nil, err
	}
	private := &netlink.Route{Dst: ipNet(netip.MustParsePrefix("10.0.0.0/8")), Type: kernel.RouteUnreachable}
	if err := netlink.RouteAdd(private); err != nil {
		return nil, fmt.Errorf("make pod networks unreachable from each other: %w", err)
	}
	return &Internet{bridge: bridge}, forward()
}

// Attach gives the network namespace of a process a link to the bridge.
func (i *Internet) Attach(c topology.Cluster, pid int) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = c.Name()
	attrs.MasterIndex = i.bridge.Attrs().Index
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: nodeLink, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("make the link of cluster %q: %w", c.Name(), err)
	}
	return up(c.Name())
}

// Cut takes a cluster's link down, as a fault.
func (i *Internet) Cut(c topology.Cluster) error {
	link, err := netlink.LinkByName(c.Name())
	if err != nil {
		return fmt.Errorf("find the link of cluster %q: %w", c.Name(), err)
	}
	if err := netlink.LinkSetDown(link); err != nil {
		return fmt.Errorf("cut the link of cluster %q: %w", c.Name(), err)
	}
	return nil
}

// Mend ends Cut.
func (i *Internet) Mend(c topology.Cluster) error { return up(c.Name()) }

// ConfigureNode sets up the network namespace of a node, from inside it. The pods of its
// neighbours are reached by way of their nodes, as cloud networks and routers do it for
// clusters on one network.
func ConfigureNode(c topology.Cluster, neighbours []topology.Cluster) error {
	if err := up("lo"); err != nil {
		return err
	}
	link, err := netlink.LinkByName(nodeLink)
	if err != nil {
		return fmt.Errorf("find the link of node %q: %w", c.NodeName(), err)
	}
	if err := address(link, netip.PrefixFrom(c.Node(), topology.Internet().Bits())); err != nil {
		return err
	}
	if err := up(nodeLink); err != nil {
		return err
	}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: topology.Router().AsSlice()}); err != nil {
		return fmt.Errorf("give node %q a default route: %w", c.NodeName(), err)
	}
	for _, n := range neighbours {
		route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: ipNet(n.Pods()), Gw: n.Node().AsSlice()}
		if err := netlink.RouteAdd(route); err != nil {
			return fmt.Errorf("give node %q a route to the pods of %s on network %s: %w", c.NodeName(), n.Name(), n.Network(), err)
		}
	}
	return forward()
}

// forward makes the network namespace a router that always says so when it
// knows no way: at the kernel's default of one such answer a second, every
// other attempt to reach a pod of another cluster would run into its time-out.
func forward() error {
	for _, s := range []struct{ name, value string }{{"ip_forward", "1"}, {"icmp_ratelimit", "0"}} {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+s.name, []byte(s.value), 0o644); err != nil {
			return fmt.Errorf("make the network namespace a router: %w", err)
		}
	}
	return nil
}

func up(name string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find link %q: %w", name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring link %q up: %w", name, err)
	}
	return nil
}

func address(link netlink.Link, p netip.Prefix) error {
	err := netlink.AddrAdd(link, &netlink.Addr{IPNet: ipNet(p)})
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("give link %q the address %s: %w", link.Attrs().Name, p, err)
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
