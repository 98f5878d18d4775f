package network

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/eastwest-mesh/eastwest/internal/kernel"
)

// Far addresses are beyond the nodes' default gateway: those of balancers that
// stand outside of every cluster. They are held on the bridge.

// HoldFar makes an address answer; holding it twice is no error.
func (i *Internet) HoldFar(a netip.Addr) error {
	return address(i.bridge, netip.PrefixFrom(a, a.BitLen()))
}

// DropFar takes the address away again; dropping what is not held is no error.
func (i *Internet) DropFar(a netip.Addr) error {
	addr := &netlink.Addr{IPNet: ipNet(netip.PrefixFrom(a, a.BitLen()))}
	if err := netlink.AddrDel(i.bridge, addr); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
		return fmt.Errorf("drop address %s: %w", a, err)
	}
	return nil
}

// SilenceFar makes an address swallow every packet without an answer, as the
// address of a zone does whose balancer has died: whoever connects runs into
// a time-out. It is a fault.
func (i *Internet) SilenceFar(a netip.Addr) error {
	if err := i.DropFar(a); err != nil {
		return err
	}
	if err := netlink.RouteReplace(blackhole(a)); err != nil {
		return fmt.Errorf("silence address %s: %w", a, err)
	}
	return nil
}

// UnsilenceFar ends SilenceFar.
func (i *Internet) UnsilenceFar(a netip.Addr) error {
	if err := netlink.RouteDel(blackhole(a)); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("let address %s answer again: %w", a, err)
	}
	return i.HoldFar(a)
}

func blackhole(a netip.Addr) *netlink.Route {
	return &netlink.Route{Dst: ipNet(netip.PrefixFrom(a, a.BitLen())), Type: kernel.RouteBlackhole}
}
