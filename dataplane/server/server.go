package server

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/eastwest-mesh/eastwest/dataplane/admin"
	"github.com/eastwest-mesh/eastwest/dataplane/bootstrap"
	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/httpproxy"
	"github.com/eastwest-mesh/eastwest/dataplane/listener"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
	"github.com/eastwest-mesh/eastwest/dataplane/tcpproxy"
	"github.com/eastwest-mesh/eastwest/dataplane/upstream"
	"github.com/eastwest-mesh/eastwest/dataplane/xds"
)

// Options are what a Server needs.
type Options struct {
	Bootstrap *bootstrap.Bootstrap
	DrainTime time.Duration
	Version   string
	Log       *slog.Logger
	Level     *slog.LevelVar // of Log; the admin endpoint changes it
}

// Server is one proxy.
type Server struct {
	o       Options
	started time.Time
	stats   stats.Registry

	secrets   *xds.SecretStore
	upstream  *upstream.Manager
	http      *httpproxy.Proxy
	listeners *listener.Manager
	admin     *admin.Server

	live     atomic.Bool
	quit     chan struct{}
	quitOnce sync.Once

	connMu sync.Mutex // guards conns
	conns  map[string]*grpc.ClientConn

	mu        sync.RWMutex // guards all below
	routes    map[string]*config.RouteTable
	meta      map[metaKey]admin.Meta
	listening bool // a first listener update was applied
}

type metaKey struct{ typeURL, name string }

// New makes a proxy and opens its admin endpoint and static listeners. Run
// lets it work; Close ends it.
func New(ctx context.Context, o Options) (*Server, error) {
	s := &Server{
		o: o, started: time.Now(), quit: make(chan struct{}), conns: map[string]*grpc.ClientConn{},
		routes: map[string]*config.RouteTable{}, meta: map[metaKey]admin.Meta{},
	}
	s.secrets = xds.NewSecretStore(xds.SDSOptions{Dial: s.dial, Node: o.Bootstrap.Node, Log: o.Log, Changed: s.checkLive})
	s.upstream = upstream.NewManager(upstream.Options{Secrets: s.secrets, Stats: &s.stats})
	s.http = httpproxy.New(httpproxy.Options{XDSClusters: s.upstream, Routes: s, Stats: &s.stats, Log: o.Log})
	s.listeners = listener.NewManager(listener.Options{
		HTTP: s.http, TCP: &tcpproxy.Proxy{XDSClusters: s.upstream, Log: o.Log}, Secrets: s.secrets,
		Stats: &s.stats, Log: o.Log, DrainTime: o.DrainTime,
	})
	s.setState()
	if err := s.static(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) static(ctx context.Context) error {
	b := s.o.Bootstrap
	for _, c := range b.XDSClusters {
		s.upstream.Set(c) //nolint:contextcheck // what it starts ends with Close
	}
	if b.Admin != "" {
		a, err := admin.Start(ctx, b.Admin, s.adminState())
		if err != nil {
			return fmt.Errorf("admin endpoint: %w", err)
		}
		s.admin = a
	}
	for _, l := range b.Listeners {
		if err := s.listeners.Set(l); err != nil { //nolint:contextcheck // what it starts ends with Close
			return err
		}
	}
	return nil
}

func (s *Server) adminState() admin.State {
	return admin.State{
		Bootstrap: s.o.Bootstrap.Proto, Node: s.o.Bootstrap.Node, Version: s.o.Version, Started: s.started, DrainTime: s.o.DrainTime,
		Upstream: s.upstream, Listeners: s.listeners, Stats: &s.stats, Level: s.o.Level,
		Routes: s.allRoutes, Secrets: s.secrets.All, Meta: s.metaOf, Live: s.live.Load,
		Quit: func() { s.quitOnce.Do(func() { close(s.quit) }) },
	}
}

// Run talks to the control plane until ctx ends or the admin endpoint is told to
// quit.
func (s *Server) Run(ctx context.Context) error {
	conn, err := s.dial(s.o.Bootstrap.ADS)
	if err != nil {
		return fmt.Errorf("ADS: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ads := xds.NewADS(xds.Options{Conn: conn, Node: s.o.Bootstrap.Node, Handler: s, Stats: &s.stats, Log: s.o.Log})
	done := make(chan struct{})
	go func() {
		defer close(done)
		ads.Run(ctx)
	}()
	select {
	case <-ctx.Done():
	case <-s.quit:
	}
	cancel()
	<-done
	return nil
}

// Close ends every socket, connection and goroutine.
func (s *Server) Close() {
	s.listeners.Close()
	_ = s.http.Close()
	s.secrets.Close()
	s.upstream.Close()
	if s.admin != nil {
		_ = s.admin.Close()
	}
	s.connMu.Lock()
	defer s.connMu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
}

// maxMessage bounds one xDS response, in bytes.
const maxMessage = 256 << 20

// dial returns the shared connection to a static xdsCluster's server. gRPC
// connects in the background, and again when the connection breaks.
func (s *Server) dial(name string) (grpc.ClientConnInterface, error) {
	s.connMu.Lock()
	defer s.connMu.Unlock()
	if c := s.conns[name]; c != nil {
		return c, nil
	}
	target, err := s.o.Bootstrap.Target(name)
	if err != nil {
		return nil, err
	}
	c, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)), grpc.WithIdleTimeout(0), grpc.WithDisableServiceConfig(),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 2 * time.Second,
		}))
	if err != nil {
		return nil, err
	}
	s.conns[name] = c
	return c, nil
}

// AdminAddr is where the admin endpoint listens, or nil.
func (s *Server) AdminAddr() net.Addr {
	if s.admin == nil {
		return nil
	}
	return s.admin.Addr()
}

// Listening tells the bound addresses of a listener.
func (s *Server) Listening(name string) []net.Addr {
	for _, l := range s.listeners.All() {
		if l.Config.Name == name {
			return l.Bound
		}
	}
	return nil
}
