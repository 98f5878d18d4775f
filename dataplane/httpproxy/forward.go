package httpproxy

import (
	"context"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/upstream"
)

// copyBuffer is the size of the buffers that bodies go through, in bytes.
const copyBuffer = 32 << 10

// serveForward is the router filter: it fits the request for its destination
// and lets httputil.ReverseProxy do HTTP's mechanics (hop-by-hop headers,
// trailers, 1xx, upgrades) around our own transport.
func (p *Proxy) serveForward(x *exchange, w *recorder) {
	f := x.route.Forward
	x.dest = f.Pick(rand.Uint64())
	x.xdsCluster = x.dest.XDSCluster
	if x.in.ProtoMajor == 1 && x.in.ContentLength != 0 {
		_ = http.NewResponseController(w.ResponseWriter).EnableFullDuplex()
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(x.in.Context(), exchangeKey{}, x))
	defer cancel(context.Canceled)
	if f.Timeout > 0 {
		timer := time.AfterFunc(f.Timeout, func() { cancel(errRouteTimeout) })
		defer timer.Stop()
		x.stopTimer = func() { timer.Stop() }
	}
	p.forward.ServeHTTP(w, x.in.WithContext(ctx))
}

func (p *Proxy) newForwarder() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:        rewrite,
		Transport:      &router{proxy: p},
		ModifyResponse: modifyResponse,
		ErrorHandler:   p.forwardError,
		FlushInterval:  -1,
		BufferPool:     &buffers{},
		ErrorLog:       log.New(io.Discard, "", 0),
	}
}

// rewrite makes the upstream request. ReverseProxy has dropped forwarding
// headers and cleaned the query; Envoy does neither.
func rewrite(pr *httputil.ProxyRequest) {
	x := exchangeOf(pr.In.Context())
	f, out := x.route.Forward, pr.Out
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if v := pr.In.Header.Values(name); len(v) > 0 {
			out.Header[http.CanonicalHeaderKey(name)] = v
		}
	}
	out.Trailer = pr.In.Trailer // filled in while the body is read
	out.Host = pr.In.Host
	if out.Header.Get("X-Forwarded-Proto") == "" {
		out.Header.Set("X-Forwarded-Proto", x.scheme())
	}
	if out.Header.Get("X-Request-Id") == "" && x.conn.cfg.GenerateRequestID {
		id := requestID()
		out.Header.Set("X-Request-Id", id)
		pr.In.Header.Set("X-Request-Id", id) // for the access log
	}
	if _, ok := pr.In.Header["User-Agent"]; !ok {
		out.Header["User-Agent"] = nil // none, rather than Go's own
	}
	path := f.Rewrite(x.path, x.route.Path.Matched(), x.route.Path.FoldCase)
	if path != x.path {
		out.Header.Set("X-Envoy-Original-Path", x.path+suffix(x.query))
	}
	x.dest.Mutation.Request(out.Header, &out.Host)
	for _, m := range x.route.Mutations {
		m.Request(out.Header, &out.Host)
	}
	host := f.HostRewrite
	if x.dest.HostRewrite != "" {
		host = x.dest.HostRewrite
	}
	if host != "" {
		if f.AppendXFH {
			appendHeader(out.Header, "X-Forwarded-Host", out.Host)
		}
		out.Host = host
	}
	out.URL = &url.URL{Scheme: "http", Host: "upstream", Path: path, RawQuery: x.query, ForceQuery: out.URL.ForceQuery}
	if plain, err := url.PathUnescape(path); err == nil {
		out.URL.Path, out.URL.RawPath = plain, path
	}
}

func suffix(query string) string {
	if query == "" {
		return ""
	}
	return "?" + query
}

func modifyResponse(resp *http.Response) error {
	x := exchangeOf(resp.Request.Context())
	h := resp.Header
	if !x.conn.cfg.KeepServer {
		h.Set("Server", x.conn.cfg.ServerName)
	}
	h.Set("X-Envoy-Upstream-Service-Time", strconv.FormatInt(time.Since(x.upstreamStart).Milliseconds(), 10))
	if x.vh.AttemptCountBack {
		h.Set("X-Envoy-Attempt-Count", strconv.Itoa(x.attempts))
	}
	mutateResponse(x, h)
	if x.conn.Draining() && resp.StatusCode != http.StatusSwitchingProtocols {
		h.Set("Connection", "close")
	}
	if resp.StatusCode == http.StatusSwitchingProtocols && x.stopTimer != nil {
		x.stopTimer() // the stream lives on
	}
	return nil
}

// forwardError answers when no upstream did, in Envoy's words.
func (p *Proxy) forwardError(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	out, ok := w.(*recorder)
	if !ok {
		out = &recorder{ResponseWriter: w}
	}
	mutateResponse(x, out.Header())
	switch {
	case errors.Is(err, errUnknownXDSCluster):
		x.local(out, x.route.Forward.NotFoundStatus, "NC", "")
	case errors.Is(err, upstream.ErrNoHost):
		x.local(out, http.StatusServiceUnavailable, "UH", "no healthy upstream")
	case errors.Is(err, upstream.ErrOverflow):
		out.Header().Set("X-Envoy-Overloaded", "true")
		x.local(out, http.StatusServiceUnavailable, "UO", "upstream connect error or disconnect/reset before headers. reset reason: overflow")
	case errors.Is(context.Cause(r.Context()), errRouteTimeout), errors.Is(err, errTryTimeout):
		x.local(out, http.StatusGatewayTimeout, "UT", "upstream request timeout")
	case x.in.Context().Err() != nil:
		x.flag = "DC"
		panic(http.ErrAbortHandler) // the caller is gone
	default:
		x.local(out, http.StatusServiceUnavailable, flagOf(err), "upstream connect error or disconnect/reset before headers. reset reason: "+reasonOf(err))
	}
	p.o.Log.Debug("no answer from upstream", "xds_cluster", x.xdsCluster, "host", x.host, "err", err)
}

func flagOf(err error) string {
	if isConnect(err) {
		return "UF"
	}
	return "UC"
}

func reasonOf(err error) string {
	switch {
	case isTLS(err):
		return "remote connection failure, transport failure reason: TLS_error: " + err.Error()
	case isConnect(err):
		return "remote connection failure, transport failure reason: delayed connect error: " + err.Error()
	}
	return "connection termination"
}

// buffers recycles copy buffers.
type buffers struct{ pool sync.Pool }

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if v, ok := b.pool.Get().(*[]byte); ok {
		return *v
	}
	return make([]byte, copyBuffer)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
