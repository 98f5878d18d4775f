package supervisor

import (
	"context"
	"errors"
	"io"
	"net"

	"golang.org/x/sync/errgroup"
)

// serveDoor carries connections from the host's loopback to an API server.
// The listener was opened in the host's network namespace; a socket stays in
// the namespace it was made in, so no link and no address on the host is needed.
func serveDoor(ctx context.Context, l net.Listener, to string) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var carried errgroup.Group
	for {
		c, err := l.Accept()
		if err != nil {
			_ = carried.Wait()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		carried.Go(func() error { carry(ctx, c, to); return nil })
	}
}

// carry joins two connections until both directions have ended.
func carry(ctx context.Context, host net.Conn, to string) {
	defer host.Close()
	var d net.Dialer
	inside, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		return // the API server is not up yet: to the caller, connection reset
	}
	defer inside.Close()
	stop := context.AfterFunc(ctx, func() { _, _ = host.Close(), inside.Close() })
	defer stop()
	var both errgroup.Group
	both.Go(func() error { oneWay(inside, host); return nil })
	both.Go(func() error { oneWay(host, inside); return nil })
	_ = both.Wait()
}

func oneWay(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
