package admin

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/listener"
	"github.com/eastwest-mesh/eastwest/dataplane/secret"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
	"github.com/eastwest-mesh/eastwest/dataplane/upstream"
)

// Meta is when and at which version a resource came; Version is "" for static
// ones.
type Meta struct {
	Version string
	Updated time.Time
}

// State is what of the proxy can be asked for.
type State struct {
	Bootstrap *bootstrapv3.Bootstrap
	Node      *corev3.Node
	Version   string // of this program
	Started   time.Time
	DrainTime time.Duration

	Upstream  *upstream.Manager
	Listeners *listener.Manager
	Stats     *stats.Registry
	Level     *slog.LevelVar

	Routes  func() []*config.RouteTable // those from RDS, by name
	Secrets func() []*secret.Handle     // by name
	Meta    func(typeURL, name string) (Meta, bool)
	Live    func() bool
	Quit    func()
}

// Server is a running admin endpoint.
type Server struct {
	State
	http *http.Server
	addr net.Addr
	done chan struct{}
}

// Start listens on address (host:port).
func Start(ctx context.Context, address string, state State) (*Server, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	s := &Server{State: state, addr: ln.Addr(), done: make(chan struct{})}
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(ln)
	}()
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.addr }

// Close ends it.
func (s *Server) Close() error {
	err := s.http.Close()
	<-s.done
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// endpoint is one admin path. Those that change something take only POST, as
// Envoy's do.
type endpoint struct {
	path, help string
	changes    bool
	serve      http.HandlerFunc
}

func (s *Server) endpoints() []endpoint {
	return []endpoint{
		{"/certs", "print certs on machine", false, s.certs},
		{"/clusters", "upstream xdsCluster status (?format=json)", false, s.clusters},
		{"/config_dump", "dump current configs (?include_eds, resource, mask, name_regex)", false, s.configDump},
		{"/drain_listeners", "drain listeners (?graceful, inboundonly, skip_exit)", true, s.drain},
		{"/listeners", "print listener info (?format=json)", false, s.listeners},
		{"/logging", "query or change the log level (?level=)", true, s.logging},
		{"/memory", "print current allocation/heap usage", false, s.memory},
		{"/quitquitquit", "exit the server", true, s.quit},
		{"/ready", "print server state, return 200 if LIVE, otherwise return 503", false, s.ready},
		{"/runtime", "print runtime values", false, s.runtime},
		{"/server_info", "print server version/status information", false, s.serverInfo},
		{"/stats", "print server stats (?usedonly, filter, format=json|prometheus)", false, s.stats},
		{"/stats/prometheus", "print server stats in prometheus format", false, s.prometheus},
	}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	list := s.endpoints()
	for _, e := range list {
		mux.HandleFunc(e.path, func(w http.ResponseWriter, r *http.Request) {
			if e.changes && r.Method != http.MethodPost {
				http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
				return
			}
			e.serve(w, r)
		})
	}
	help := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "admin commands are:\n")
		for _, e := range list {
			_, _ = io.WriteString(w, "  "+e.path+": "+e.help+"\n")
		}
	}
	mux.HandleFunc("/help", help)
	mux.HandleFunc("/{$}", help)
	return mux
}
