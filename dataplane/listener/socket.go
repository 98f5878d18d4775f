package listener

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// acceptRetry is the pause after a failed accept, such as at the limit of file
// descriptors.
const acceptRetry = 50 * time.Millisecond

// socket is one listening socket. It may outlive the listener generation that
// opened it.
type socket struct {
	addr   netip.AddrPort // as configured
	ln     *net.TCPListener
	closed atomic.Bool
}

func listen(ctx context.Context, addr netip.AddrPort) (*socket, error) {
	network := "tcp4"
	if addr.Addr().Is6() {
		network = "tcp6"
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, network, addr.String())
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	return &socket{addr: addr, ln: ln.(*net.TCPListener)}, nil
}

func (s *socket) close() {
	if s.closed.CompareAndSwap(false, true) {
		_ = s.ln.Close()
	}
}

func (m *Manager) accept(s *socket, name string) {
	for {
		c, err := s.ln.AcceptTCP()
		switch {
		case err == nil:
			m.work.Go(func() { m.handle(c, name) })
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		m.o.Log.Warn("accept failed", "listener", name, "err", err)
		timer := time.NewTimer(acceptRetry)
		select {
		case <-timer.C:
		case <-m.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// soOriginalDst is SO_ORIGINAL_DST, the same number at SOL_IP and SOL_IPV6
// (linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h).
const soOriginalDst = 80

// originalDst asks the kernel where a redirected connection wanted to go.
func originalDst(c *net.TCPConn) (netip.AddrPort, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return netip.AddrPort{}, err
	}
	var dst netip.AddrPort
	var inner error
	local, _ := c.LocalAddr().(*net.TCPAddr)
	err = raw.Control(func(fd uintptr) {
		if local.IP.To4() != nil {
			dst, inner = originalDst4(int(fd))
			return
		}
		dst, inner = originalDst6(int(fd))
	})
	return dst, errors.Join(err, inner)
}

func originalDst4(fd int) (netip.AddrPort, error) {
	// A struct sockaddr_in fits into the 20 bytes of this option's type:
	// family, port, address in network order.
	v, err := unix.GetsockoptIPv6Mreq(fd, unix.SOL_IP, soOriginalDst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port := uint16(v.Multiaddr[2])<<8 | uint16(v.Multiaddr[3])
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(v.Multiaddr[4:8])), port), nil
}

func originalDst6(fd int) (netip.AddrPort, error) {
	v, err := unix.GetsockoptIPv6MTUInfo(fd, unix.SOL_IPV6, soOriginalDst)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if v.Addr.Family != syscall.AF_INET6 {
		return netip.AddrPort{}, fmt.Errorf("address family %d, want AF_INET6", v.Addr.Family)
	}
	port := v.Addr.Port>>8 | v.Addr.Port<<8
	return netip.AddrPortFrom(netip.AddrFrom16(v.Addr.Addr), port), nil
}
