package tcpproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/conn"
	"github.com/eastwest-mesh/eastwest/dataplane/upstream"
)

// XDSClusters finds an xdsCluster; nil when there is none of that name.
type XDSClusters interface {
	Get(name string) *upstream.XDSCluster
}

// Proxy is the tcp_proxy filter. It has no state of its own.
type Proxy struct {
	XDSClusters XDSClusters
	Log         *slog.Logger
}

// Serve carries d until both directions have ended, and closes it.
func (p *Proxy) Serve(ctx context.Context, d *conn.Downstream, cfg *config.TCP) {
	start := time.Now()
	defer d.Close()
	name := pick(cfg.XDSClusters)
	up, host, release, err := p.connect(ctx, d, name, cfg.MaxAttempts)
	if err != nil {
		p.log(ctx, d, name, "", start, 0, 0, err)
		return
	}
	defer release()
	defer up.Close()
	stop := context.AfterFunc(ctx, func() { _ = up.Close(); _ = d.Close() })
	defer stop()
	received, sent, err := pump(d, up)
	if err != nil {
		host.RqError.Add(1)
	} else {
		host.RqSuccess.Add(1)
	}
	p.log(ctx, d, name, host.Address, start, received, sent, err)
}

func pick(split []config.WeightedXDSCluster) string {
	if len(split) == 1 {
		return split[0].Name
	}
	var total uint32
	for _, c := range split {
		total += c.Weight
	}
	if total == 0 {
		return split[0].Name
	}
	left := rand.Uint32N(total)
	for _, c := range split {
		if left < c.Weight {
			return c.Name
		}
		left -= c.Weight
	}
	return split[0].Name
}

func (p *Proxy) connect(ctx context.Context, d *conn.Downstream, name string, attempts int) (*upstream.Conn, *upstream.Host, func(), error) {
	c := p.XDSClusters.Get(name)
	if c == nil {
		return nil, nil, nil, fmt.Errorf("xdsCluster %q: not found", name)
	}
	leave, err := c.Admit(true)
	if err != nil {
		return nil, nil, nil, err
	}
	for try := 1; ; try++ {
		h, err := c.Pick(upstream.PickOptions{Dst: d.Info.Dst})
		if err != nil {
			leave()
			return nil, nil, nil, err
		}
		done := h.Hold()
		up, err := c.Connect(ctx, h, nil)
		if err == nil {
			h.RqTotal.Add(1)
			c.Report(h, upstream.Succeeded)
			return up, h, func() { done(); leave() }, nil
		}
		done()
		c.Report(h, upstream.FailedLocal)
		if try >= attempts || ctx.Err() != nil {
			leave()
			return nil, nil, nil, err
		}
		c.CountRetry()
	}
}

// pump copies both ways with half-close: the end of one direction ends that
// direction only; an error ends both with a reset.
func pump(d *conn.Downstream, up *upstream.Conn) (received, sent int64, err error) {
	var wg sync.WaitGroup
	var upErr, downErr error
	wg.Go(func() {
		if received, upErr = toUpstream(d, up); upErr != nil {
			abort(d, up)
			return
		}
		_ = up.CloseWrite()
	})
	if sent, downErr = toDownstream(d, up); downErr != nil {
		abort(d, up)
	} else {
		_ = d.CloseWrite()
	}
	wg.Wait()
	return received, sent, worst(upErr, downErr)
}

// toUpstream copies what the caller sends. Where no TLS is terminated the
// kernel moves the bytes (splice).
func toUpstream(d *conn.Downstream, up *upstream.Conn) (int64, error) {
	held, raw, plain := d.Plain()
	target := up.Raw()
	if !plain || target == nil {
		if len(held) > 0 {
			if n, err := up.Write(held); err != nil {
				return int64(n), err
			}
		}
		n, err := io.Copy(bare{up.Conn}, bareReader{d.Conn})
		return n + int64(len(held)), err
	}
	if len(held) > 0 {
		if n, err := target.Write(held); err != nil {
			return int64(n), err
		}
	}
	n, err := io.Copy(target, raw)
	return n + int64(len(held)), err
}

func toDownstream(d *conn.Downstream, up *upstream.Conn) (int64, error) {
	if p, ok := d.Conn.(*conn.Peek); ok && up.Raw() != nil {
		if raw, ok := p.Conn.(*net.TCPConn); ok {
			return io.Copy(raw, up.Raw())
		}
	}
	return io.Copy(bare{d.Conn}, bareReader{up.Conn})
}

// bare and bareReader keep io.Copy from looking for shortcuts that the wrapped
// connection does not have.
type (
	bare       struct{ io.Writer }
	bareReader struct{ io.Reader }
)

func abort(d *conn.Downstream, up *upstream.Conn) {
	if raw := up.Raw(); raw != nil {
		_ = raw.SetLinger(0)
	}
	_ = up.Close()
	d.Abort()
}

// worst drops the error that a deliberate close leaves on the other direction.
func worst(a, b error) error {
	for _, err := range []error{a, b} {
		if err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return nil
}

func (p *Proxy) log(ctx context.Context, d *conn.Downstream, name, host string, start time.Time, received, sent int64, err error) {
	level := slog.LevelInfo
	if err != nil && !errors.Is(err, syscall.ECONNRESET) && host == "" {
		level = slog.LevelWarn
	}
	if !p.Log.Enabled(ctx, level) {
		return
	}
	i := d.Info
	p.Log.LogAttrs(ctx, level, "tcp", slog.String("listener", i.Listener), slog.String("from", i.Remote.String()),
		slog.String("dst", i.Dst.String()), slog.String("sni", i.SNI), slog.String("peer", i.PeerURI()),
		slog.String("xds_cluster", name), slog.String("host", host), slog.Int64("received", received), slog.Int64("sent", sent),
		slog.Duration("took", time.Since(start)), slog.Any("err", err))
}
