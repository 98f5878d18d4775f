package names

import (
	"context"
	"fmt"
	"net"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

// Listen opens both sockets of the server, so that a port that is taken is
// reported at once.
func Listen(ctx context.Context, address string) (*Sockets, error) {
	var lc net.ListenConfig
	udp, err := lc.ListenPacket(ctx, "udp", address)
	if err != nil {
		return nil, fmt.Errorf("open the DNS between the clusters: %w", err)
	}
	tcp, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		_ = udp.Close()
		return nil, fmt.Errorf("open the DNS between the clusters: %w", err)
	}
	return &Sockets{udp: udp, tcp: tcp}, nil
}

// Sockets are where a zone is asked.
type Sockets struct {
	udp net.PacketConn
	tcp net.Listener
}

// Serve answers for the zone until the context ends.
func (s *Sockets) Serve(ctx context.Context, z *Zone) error {
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) {
		// A client that is gone asks again.
		_ = w.WriteMsg(z.Answer(query))
	})
	servers := []*dns.Server{
		{PacketConn: s.udp, Handler: handler},
		{Listener: s.tcp, Handler: handler},
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, server := range servers {
		group.Go(server.ActivateAndServe)
	}
	stop := context.AfterFunc(ctx, func() { _, _ = s.udp.Close(), s.tcp.Close() })
	defer stop()
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve the DNS between the clusters: %w", err)
	}
	return nil
}
