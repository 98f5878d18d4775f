package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/eastwest-mesh/eastwest/dataplane/conn"
)

// ConnectError means that no connection to the host came about, so the request was
// certainly not sent.
type ConnectError struct {
	XDSCluster, Address string
	TLS                 bool // TCP worked, the handshake failed
	Err                 error
}

func (e *ConnectError) Error() string {
	what := "connect to"
	if e.TLS {
		what = "TLS with"
	}
	return fmt.Sprintf("xdsCluster %q: %s %s: %v", e.XDSCluster, what, e.Address, e.Err)
}

func (e *ConnectError) Unwrap() error { return e.Err }

// Connect opens a connection to h with its transport socket. alpn replaces the
// configured list when it is not nil and TLS is used.
func (c *XDSCluster) Connect(ctx context.Context, h *Host, alpn []string) (*Conn, error) {
	st := c.state.Load()
	ctx, cancel := context.WithTimeout(ctx, st.cfg.ConnectTimeout)
	defer cancel()
	out, err := c.connect(ctx, st, h, alpn)
	if err != nil {
		h.CxConnectFail.Add(1)
		c.stats.cxFail.Inc()
		return nil, err
	}
	return out, nil
}

func (c *XDSCluster) connect(ctx context.Context, st *state, h *Host, alpn []string) (*Conn, error) {
	raw, err := dialer(st.cfg.Bind).DialContext(ctx, h.Network, h.Address)
	h.CxTotal.Add(1)
	c.stats.cxTotal.Inc()
	if err != nil {
		return nil, &ConnectError{XDSCluster: c.Name, Address: h.Address, Err: err}
	}
	out := &Conn{Conn: raw, host: h, owner: c}
	if s := st.socketFor(h); s.tls != nil {
		secure, err := s.tls.Client(ctx, raw, alpn)
		if err != nil {
			return nil, errors.Join(&ConnectError{XDSCluster: c.Name, Address: h.Address, TLS: true, Err: err}, raw.Close())
		}
		out.Conn = secure
	}
	h.CxActive.Add(1)
	c.stats.cxActive.Add(1)
	return out, nil
}

func dialer(bind netip.Addr) *net.Dialer {
	d := &net.Dialer{FallbackDelay: -1}
	if bind.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(bind, 0))
	}
	return d
}

// Conn is a counted upstream connection. It hides its TLS from net/http, which
// would otherwise choose the protocol by ALPN.
type Conn struct {
	net.Conn
	host  *Host
	owner *XDSCluster
	once  sync.Once
}

// Close ends the connection.
func (c *Conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.host.CxActive.Add(-1)
		c.owner.stats.cxActive.Add(-1)
	})
	return err
}

// CloseWrite half-closes it.
func (c *Conn) CloseWrite() error { return conn.CloseWrite(c.Conn) }

// Raw is the bare socket when nothing is encrypted here, or nil.
func (c *Conn) Raw() *net.TCPConn {
	t, _ := c.Conn.(*net.TCPConn)
	return t
}
