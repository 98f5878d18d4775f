package httpproxy

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/match"
	"github.com/eastwest-mesh/eastwest/dataplane/rbac"
)

// exchange is one request on its way through the filters.
type exchange struct {
	conn  *served
	in    *http.Request
	start time.Time

	path, query string // normalized path; raw query
	queries     url.Values

	vh    *config.VirtualHost
	route *config.Route
	dest  *config.Destination

	// For the access log.
	xdsCluster, host, flag string
	attempts               int
	upstreamStart          time.Time

	stopTimer func() // ends the route's time-out; nil: there is none
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// newExchange reads the request target as it came on the wire, before net/url
// has had its say.
func newExchange(c *served, r *http.Request) *exchange {
	x := &exchange{conn: c, in: r, start: time.Now()}
	target := r.RequestURI
	if !strings.HasPrefix(target, "/") {
		target = r.URL.RequestURI() // absolute form, or "*"
	}
	target, _, _ = strings.Cut(target, "#")
	x.path, x.query, _ = strings.Cut(target, "?")
	if c.cfg.NormalizePath {
		x.path = match.Normalize(x.path)
	}
	if c.cfg.MergeSlashes {
		x.path = match.MergeSlashes(x.path)
	}
	return x
}

// Authority implements config.Request.
func (x *exchange) Authority() string { return x.in.Host }

// Path implements config.Request.
func (x *exchange) Path() string { return x.path }

// Query implements config.Request.
func (x *exchange) Query(name string) (string, bool) {
	if x.queries == nil {
		x.queries, _ = url.ParseQuery(x.query) // what can be parsed
	}
	v, ok := x.queries[name]
	if !ok {
		return "", false
	}
	return v[0], true
}

// Header implements match.Headers.
func (x *exchange) Header(name string) (string, bool) {
	switch name {
	case ":authority", "host":
		return x.in.Host, true
	case ":method":
		return x.in.Method, true
	case ":path":
		if x.query != "" {
			return x.path + "?" + x.query, true
		}
		return x.path, true
	case ":scheme":
		return x.scheme(), true
	}
	v := x.in.Header.Values(name)
	return strings.Join(v, ","), len(v) > 0
}

func (x *exchange) scheme() string {
	if p := x.in.Header.Get("x-forwarded-proto"); p == "http" || p == "https" {
		return p
	}
	if x.conn.Info.Secure {
		return "https"
	}
	return "http"
}

// subject is the request as access rules see it.
func (x *exchange) subject() *rbac.Subject {
	s := rbac.SubjectOf(x.conn.Info)
	s.Headers, s.Path = x, x.path
	if !x.conn.cfg.UseRemoteAddress {
		// The last hop's word is taken, as Envoy does with use_remote_address false.
		if last := lastForwardedFor(x.in.Header); last.IsValid() {
			s.Trusted = last
		}
	}
	return s
}

func lastForwardedFor(h http.Header) netip.Addr {
	all := strings.Join(h.Values("x-forwarded-for"), ",")
	last := strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:])
	addr, err := netip.ParseAddr(last)
	if err != nil {
		return netip.Addr{}
	}
	return addr
}
