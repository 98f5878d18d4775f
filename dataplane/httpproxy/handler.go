package httpproxy

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/rbac"
)

// ServeHTTP runs one request through the filters.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := r.Context().Value(connKey{}).(*served)
	x := newExchange(c, r)
	out := &recorder{ResponseWriter: w}
	c.count.total.Inc()
	defer p.finish(x, out) //nolint:contextcheck // the request carries it
	if !p.admit(x, out) {
		return
	}
	table := c.cfg.Routes
	if table == nil {
		table = p.o.Routes.Routes(c.cfg.RouteName)
	}
	if table == nil {
		// Envoy would not serve a listener before its routes came.
		x.local(out, http.StatusServiceUnavailable, "NR", "route configuration is not known yet")
		return
	}
	x.vh, x.route = table.Find(x)
	p.act(x, out) //nolint:contextcheck // the request carries it
}

// admit applies what comes before routing and reports whether to go on.
func (p *Proxy) admit(x *exchange, w *recorder) bool {
	cfg, r := x.conn.cfg, x.in
	lower := strings.ToLower(x.path)
	if cfg.RejectEscapedSlashes && (strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c")) {
		x.local(w, http.StatusBadRequest, "", "")
		return false
	}
	if r.Method == http.MethodConnect {
		x.local(w, http.StatusForbidden, "", "")
		return false
	}
	if protocol := upgradeOf(r.Header); strings.EqualFold(protocol, "h2c") {
		// An offer that may be declined (RFC 9113 section 3.1), as Envoy does.
		for _, name := range []string{"Upgrade", "Connection", "Http2-Settings"} {
			r.Header.Del(name)
		}
	} else if protocol != "" && !cfg.Upgrade(protocol) {
		x.local(w, http.StatusForbidden, "", "")
		return false
	}
	setClientCert(cfg, x.conn.Info, r.Header)
	if cfg.UseRemoteAddress && !cfg.SkipXFFAppend {
		appendHeader(r.Header, "X-Forwarded-For", x.conn.Info.Remote.Addr().String())
	}
	if len(cfg.RBAC) > 0 {
		if ok, policy := rbac.AllowedByAll(cfg.RBAC, x.subject()); !ok {
			x.conn.count.denied.Inc()
			p.o.Log.Debug("rbac: access denied", slog.String("policy", policy), slog.String("path", x.path))
			x.local(w, http.StatusForbidden, "RBAC", "RBAC: access denied")
			return false
		}
	}
	return true
}

// upgradeOf is the protocol that the caller asks to switch to, or "".
func upgradeOf(h http.Header) string {
	if !httpguts.HeaderValuesContainsToken(h["Connection"], "upgrade") {
		return ""
	}
	return h.Get("Upgrade")
}

// act does what the route says.
func (p *Proxy) act(x *exchange, w *recorder) {
	r := x.route
	switch {
	case r == nil:
		x.local(w, http.StatusNotFound, "NR", "")
	case r.Direct != nil:
		mutateResponse(x, w.Header())
		x.local(w, r.Direct.Status, "", r.Direct.Body)
	case r.Redirect != nil:
		to := r.Redirect.Location(x.scheme(), x.in.Host, x.path, x.query, r.Path.Matched())
		mutateResponse(x, w.Header())
		w.Header().Set("Location", to)
		x.local(w, r.Redirect.Status, "", "")
	case r.Forward != nil:
		p.serveForward(x, w)
	default:
		x.local(w, http.StatusNotFound, "NR", "")
	}
}

func mutateResponse(x *exchange, h http.Header) {
	if x.dest != nil {
		x.dest.Mutation.Response(h)
	}
	for _, m := range x.route.Mutations {
		m.Response(h)
	}
}

// local answers in the proxy's own name.
func (x *exchange) local(w *recorder, status int, flag, body string) {
	if flag != "" {
		x.flag = flag
	}
	x.serverHeaders(w.Header())
	if isGRPC(x.in.Header) && status != http.StatusOK && x.route != nil && x.route.Forward != nil {
		localGRPC(w, status, body)
		return
	}
	if body != "" {
		w.Header().Set("Content-Type", "text/plain")
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func (x *exchange) serverHeaders(h http.Header) {
	h.Set("Server", x.conn.cfg.ServerName)
	if x.conn.Draining() {
		h.Set("Connection", "close")
	}
}

// finish counts and logs.
func (p *Proxy) finish(x *exchange, w *recorder) {
	ctx := x.in.Context()
	status := w.status
	x.conn.count.finish(status)
	if !p.o.Log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	i := x.conn.Info
	p.o.Log.LogAttrs(ctx, slog.LevelInfo, "http", slog.String("listener", i.Listener), slog.String("from", i.Remote.String()),
		slog.String("peer", i.PeerURI()), slog.String("method", x.in.Method), slog.String("authority", x.in.Host), slog.String("path", x.path),
		slog.String("proto", x.in.Proto), slog.Int("status", status), slog.String("flag", x.flag), slog.String("xds_cluster", x.xdsCluster),
		slog.String("host", x.host), slog.Int("attempts", x.attempts), slog.Int64("sent", w.bytes), slog.Duration("took", time.Since(x.start)),
		slog.String("id", x.in.Header.Get("X-Request-Id")))
}

var _ config.Request = (*exchange)(nil)
