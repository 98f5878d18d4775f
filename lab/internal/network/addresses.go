package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Addresses holds load balancer addresses on a node's link, from outside the
// node's network namespace.
type Addresses struct{ node *netlink.Handle }

// NodeAddresses opens the network namespace of a node's process.
func NodeAddresses(pid int) (*Addresses, error) {
	ns, err := netns.GetFromPid(pid)
	if err != nil {
		return nil, fmt.Errorf("open the network namespace of process %d: %w", pid, err)
	}
	defer ns.Close()
	h, err := netlink.NewHandleAt(ns)
	if err != nil {
		return nil, fmt.Errorf("talk to the network namespace of process %d: %w", pid, err)
	}
	return &Addresses{node: h}, nil
}

// Close gives the namespace back.
func (a *Addresses) Close() { a.node.Close() }

// Hold puts an address on the node's link: the node then answers for it, and
// kube-proxy knows where its traffic goes.
func (a *Addresses) Hold(_ context.Context, ip netip.Addr) error {
	link, addr, err := a.find(ip)
	if err != nil {
		return err
	}
	if err := a.node.AddrAdd(link, addr); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("hold address %s: %w", ip, err)
	}
	return nil
}

// Drop takes the address off the node's link.
func (a *Addresses) Drop(_ context.Context, ip netip.Addr) error {
	link, addr, err := a.find(ip)
	if err != nil {
		return err
	}
	if err := a.node.AddrDel(link, addr); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
		return fmt.Errorf("drop address %s: %w", ip, err)
	}
	return nil
}

func (a *Addresses) find(ip netip.Addr) (netlink.Link, *netlink.Addr, error) {
	link, err := a.node.LinkByName(nodeLink)
	if err != nil {
		return nil, nil, fmt.Errorf("find the node's link: %w", err)
	}
	// As a single address it never becomes the source of the node's own packets.
	one := &net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(ip.BitLen(), ip.BitLen())}
	return link, &netlink.Addr{IPNet: one}, nil
}
