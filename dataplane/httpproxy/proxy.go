package httpproxy

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/conn"
	"github.com/eastwest-mesh/eastwest/dataplane/stats"
	"github.com/eastwest-mesh/eastwest/dataplane/upstream"
)

// maxHeaderBytes is Envoy's default bound (max_request_headers_kb).
const maxHeaderBytes = 60 << 10

// headerTimeout bounds how long a request's headers may take, so that an idle
// half-request cannot hold a connection for ever.
const headerTimeout = 30 * time.Second

// XDSClusters finds an xdsCluster; nil when there is none of that name.
type XDSClusters interface {
	Get(name string) *upstream.XDSCluster
}

// Routes finds a route configuration that RDS delivered; nil when it has not.
type Routes interface {
	Routes(name string) *config.RouteTable
}

// Options are what a Proxy needs.
type Options struct {
	XDSClusters XDSClusters
	Routes      Routes
	Stats       *stats.Registry
	Log         *slog.Logger
}

// Proxy is every http_connection_manager of one program: one server whose
// connections each carry their own configuration.
type Proxy struct {
	o       Options
	queue   *queue
	server  *http.Server
	forward *httputil.ReverseProxy
	done    chan struct{}
}

// New starts a proxy; Close ends it.
func New(o Options) *Proxy {
	p := &Proxy{o: o, queue: newQueue(), done: make(chan struct{})}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true) // TLS is over by now; the preface tells the version
	p.server = &http.Server{
		Handler: p, Protocols: protocols, MaxHeaderBytes: maxHeaderBytes, ReadHeaderTimeout: headerTimeout,
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c.(*served))
		},
	}
	p.forward = p.newForwarder()
	go func() {
		defer close(p.done)
		_ = p.server.Serve(p.queue)
	}()
	return p
}

// Serve takes d over and serves it until it ends.
func (p *Proxy) Serve(d *conn.Downstream, cfg *config.HTTP) {
	s := &served{Downstream: d, cfg: cfg, count: p.counters(cfg.StatPrefix)}
	if !p.queue.put(s) {
		_ = d.Close()
	}
}

// Close ends every connection.
func (p *Proxy) Close() error {
	err := p.server.Close()
	<-p.done
	return err
}

type connKey struct{}

// served is a connection with the configuration it was accepted under.
type served struct {
	*conn.Downstream
	cfg   *config.HTTP
	count *counters
}

type counters struct{ total, class2, class3, class4, class5, denied *stats.Counter }

func (p *Proxy) counters(prefix string) *counters {
	c := func(metric string) *stats.Counter {
		return p.o.Stats.Counter(stats.Key{Scope: "http", Object: prefix, Metric: metric})
	}
	return &counters{
		total: c("downstream_rq_total"), class2: c("downstream_rq_2xx"), class3: c("downstream_rq_3xx"),
		class4: c("downstream_rq_4xx"), class5: c("downstream_rq_5xx"), denied: c("rbac.denied"),
	}
}

func (c *counters) finish(status int) {
	switch status / 100 {
	case 2:
		c.class2.Inc()
	case 3:
		c.class3.Inc()
	case 4:
		c.class4.Inc()
	case 5:
		c.class5.Inc()
	}
}

// queue is the net.Listener that the server accepts from.
type queue struct {
	conns chan net.Conn
	once  sync.Once
	end   chan struct{}
}

func newQueue() *queue { return &queue{conns: make(chan net.Conn), end: make(chan struct{})} }

func (q *queue) put(c net.Conn) bool {
	select {
	case q.conns <- c:
		return true
	case <-q.end:
		return false
	}
}

// Accept implements net.Listener.
func (q *queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.end:
		return nil, errors.Join(net.ErrClosed, http.ErrServerClosed)
	}
}

// Close implements net.Listener.
func (q *queue) Close() error {
	q.once.Do(func() { close(q.end) })
	return nil
}

// Addr implements net.Listener.
func (q *queue) Addr() net.Addr { return &net.TCPAddr{} }
