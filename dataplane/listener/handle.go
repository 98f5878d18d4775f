package listener

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/conn"
	"github.com/eastwest-mesh/eastwest/dataplane/inspect"
	"github.com/eastwest-mesh/eastwest/dataplane/match"
	"github.com/eastwest-mesh/eastwest/dataplane/rbac"
)

// handle takes one accepted connection to its proxy.
func (m *Manager) handle(raw *net.TCPConn, name string) {
	a := m.table.Load().byName[name]
	if a == nil {
		_ = raw.Close()
		return
	}
	info := &conn.Info{Remote: addrPort(raw.RemoteAddr()), Local: addrPort(raw.LocalAddr())}
	info.Dst = info.Local
	if a.cfg.OriginalDst {
		if dst, err := originalDst(raw); err == nil {
			info.Dst = dst
		}
	}
	if a.cfg.HandOff {
		a = m.handOff(a, info)
	}
	info.Listener = a.cfg.Name
	a.count.total.Inc()
	peek := conn.NewPeek(raw)
	stop := context.AfterFunc(m.ctx, func() { _ = raw.Close() })
	err := m.inspect(a.cfg, peek, info)
	stop()
	if err != nil {
		m.o.Log.Debug("inspection ended the connection", "listener", info.Listener, "err", err)
		_ = raw.Close()
		return
	}
	cfg := a.cfg.Select(match.Facts{Dst: info.Dst, SNI: info.SNI, Transport: info.Transport, ALPN: info.ALPN})
	if cfg == nil {
		a.count.noChain.Inc()
		m.log(slog.LevelInfo, "no filter chain", info)
		_ = raw.Close()
		return
	}
	m.serve(a, a.chains[cfg], raw, peek, info)
}

// handOff finds the listener for an original destination: its own address
// first, then the wildcard of its port, else a itself.
func (m *Manager) handOff(a *active, info *conn.Info) *active {
	t := m.table.Load()
	wildcard := netip.IPv4Unspecified()
	if info.Dst.Addr().Is6() {
		wildcard = netip.IPv6Unspecified()
	}
	for _, addr := range []netip.AddrPort{info.Dst, netip.AddrPortFrom(wildcard, info.Dst.Port())} {
		if to := t.byAddr[addr]; to != nil {
			return to
		}
	}
	return a
}

func (m *Manager) inspect(cfg *config.Listener, peek *conn.Peek, info *conn.Info) error {
	info.Transport = match.TransportRaw
	port := info.Dst.Port()
	wantTLS, wantHTTP := cfg.TLSInspector.Enabled(port), cfg.HTTPInspector.Enabled(port)
	if !wantTLS && !wantHTTP {
		return nil
	}
	if cfg.InspectTimeout > 0 {
		_ = peek.SetReadDeadline(time.Now().Add(cfg.InspectTimeout))
		defer func() { _ = peek.SetReadDeadline(time.Time{}) }()
	}
	err := inspectBytes(peek, info, wantTLS, wantHTTP)
	if errors.Is(err, os.ErrDeadlineExceeded) && cfg.ContinueOnTime {
		return nil
	}
	return err
}

func inspectBytes(peek *conn.Peek, info *conn.Info, wantTLS, wantHTTP bool) error {
	if wantTLS {
		hello, err := inspect.TLS(peek)
		switch {
		case err == nil:
			info.Transport, info.SNI, info.ALPN = match.TransportTLS, hello.SNI, hello.ALPN
			return nil
		case !errors.Is(err, inspect.ErrNotTLS):
			return err
		}
	}
	if !wantHTTP {
		return nil
	}
	protocol, err := inspect.HTTP(peek)
	if protocol != "" {
		info.ALPN = []string{protocol}
	}
	return err
}

func (m *Manager) serve(a *active, c *chain, raw *net.TCPConn, peek *conn.Peek, info *conn.Info) {
	cleartext, err := m.secure(c, peek, info)
	if err != nil {
		a.count.handshakeFail.Inc()
		m.log(slog.LevelInfo, "TLS failed", info, slog.Any("err", err))
		_ = raw.Close()
		return
	}
	if len(c.cfg.RBAC) > 0 {
		if ok, policy := rbac.AllowedByAll(c.cfg.RBAC, rbac.SubjectOf(info)); !ok {
			a.count.denied.Inc()
			m.log(slog.LevelInfo, "rbac: connection denied", info, slog.String("policy", policy))
			_ = raw.Close()
			return
		}
	}
	a.count.active.Add(1)
	var d *conn.Downstream
	d = conn.NewDownstream(cleartext, raw, info, &c.drain, func() {
		c.remove(d)
		a.count.active.Add(-1)
	})
	if !c.add(d) || m.ctx.Err() != nil {
		_ = d.Close()
		return
	}
	if c.cfg.HTTP != nil {
		m.o.HTTP.Serve(d, c.cfg.HTTP)
		return
	}
	m.o.TCP.Serve(m.ctx, d, c.cfg.TCP)
}

// secure terminates TLS where the chain has a context.
func (m *Manager) secure(c *chain, peek *conn.Peek, info *conn.Info) (net.Conn, error) {
	if c.tls == nil {
		return peek, nil
	}
	ctx, cancel := m.ctx, context.CancelFunc(func() {})
	if t := c.cfg.HandshakeTimeout; t > 0 {
		ctx, cancel = context.WithTimeout(ctx, t)
	}
	defer cancel()
	t, err := c.tls.Server(ctx, peek)
	if err != nil {
		return nil, err
	}
	info.Secure = true
	if peers := t.ConnectionState().PeerCertificates; len(peers) > 0 {
		info.Peer = peers[0]
	}
	info.LocalURI = firstURI(c.tls.Leaf())
	return t, nil
}

func firstURI(leaf *x509.Certificate) string {
	if leaf == nil || len(leaf.URIs) == 0 {
		return ""
	}
	return leaf.URIs[0].String()
}

func addrPort(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := t.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func (m *Manager) log(level slog.Level, text string, i *conn.Info, more ...slog.Attr) {
	if !m.o.Log.Enabled(m.ctx, level) {
		return
	}
	attrs := append([]slog.Attr{
		slog.String("listener", i.Listener), slog.String("from", i.Remote.String()), slog.String("dst", i.Dst.String()),
		slog.String("sni", i.SNI), slog.Any("alpn", i.ALPN), slog.String("transport", i.Transport),
	}, more...)
	m.o.Log.LogAttrs(m.ctx, level, text, attrs...)
}
