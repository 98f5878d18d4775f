package httpproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/upstream"
)

var (
	errUnknownXDSCluster = errors.New("xdsCluster not found")
	errRouteTimeout      = errors.New("route time-out")
	errTryTimeout        = errors.New("per-try time-out")
)

// router sends a request to a host of its xdsCluster, again where the retry
// policy says so.
type router struct{ proxy *Proxy }

// attempt is one try.
type attempt struct {
	host *upstream.Host
	resp *http.Response
	err  error
	sent bool // the request's headers went out
}

// RoundTrip implements http.RoundTripper for httputil.ReverseProxy.
func (t *router) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	x.upstreamStart = time.Now()
	c := t.proxy.o.XDSClusters.Get(x.dest.XDSCluster)
	if c == nil {
		return nil, fmt.Errorf("%q: %w", x.dest.XDSCluster, errUnknownXDSCluster)
	}
	leave, err := c.Admit(false)
	if err != nil {
		return nil, err
	}
	resp, err := t.tries(r, x, c)
	if err != nil {
		leave()
		return nil, err
	}
	resp.Body = onClose(resp.Body, leave)
	return resp, nil
}

func (t *router) tries(r *http.Request, x *exchange, c *upstream.XDSCluster) (*http.Response, error) {
	policy := x.route.Forward.Retry
	var body *replay
	if policy != nil && r.Body != nil && r.Body != http.NoBody {
		body = &replay{src: r.Body}
	}
	var tried []*upstream.Host
	for n := 0; ; n++ {
		a := t.try(r, x, c, body, tried, n)
		if a.host == nil || policy == nil || n >= policy.Retries || !body.again() || r.Context().Err() != nil || !wants(policy, a) {
			return a.resp, a.err
		}
		done, ok := c.AdmitRetry()
		if !ok {
			return a.resp, a.err
		}
		if a.resp != nil {
			discard(a.resp.Body)
		}
		c.CountRetry()
		tried = append(tried, a.host)
		err := pause(r.Context(), policy, n)
		done()
		if err != nil {
			return nil, errors.Join(context.Cause(r.Context()), a.err)
		}
	}
}

// discard ends a response that a retry replaces.
func discard(body io.ReadCloser) {
	// A short rest is read so that the connection can be kept.
	_, _ = io.CopyN(io.Discard, body, 4<<10)
	_ = body.Close()
}

// pause waits before the next try: random below an exponentially growing bound.
func pause(ctx context.Context, policy *config.Retry, n int) error {
	bound := min(policy.BackOff<<min(n, 16), policy.MaxBackOff)
	if bound <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(rand.N(bound))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *router) try(r *http.Request, x *exchange, c *upstream.XDSCluster, body *replay, tried []*upstream.Host, n int) attempt {
	opts := upstream.PickOptions{Dst: x.conn.Info.Dst}
	if len(tried) > 0 && x.route.Forward.Retry.OtherHosts {
		opts.Avoid = func(h *upstream.Host) bool { return slices.Contains(tried, h) }
	}
	h, err := c.Pick(opts)
	if err != nil {
		return attempt{err: err}
	}
	x.attempts, x.host = n+1, h.Address
	version := c.Config().HTTP
	if version == config.HTTPAsDownstream {
		version = config.HTTP1
		if x.in.ProtoMajor == 2 {
			version = config.HTTP2
		}
	}
	a := t.send(r, x, c.RoundTripper(h, version, x.conn.cfg.ALPN(version)), h, body)
	status := 0
	switch {
	case a.err == nil:
		status = a.resp.StatusCode
		c.Report(h, outcome(a.resp))
	case x.in.Context().Err() == nil: // a caller that went away is not the host's fault
		c.Report(h, upstream.FailedLocal)
	}
	c.CountRequest(h, status)
	return a
}

func outcome(resp *http.Response) upstream.Outcome {
	// Outlier detection counts a failing gRPC answer by the HTTP status it maps to.
	if s := resp.Header.Get("Grpc-Status"); s != "" && isGRPC(resp.Header) {
		switch s {
		case "14", "4":
			return upstream.FailedGateway
		case "13", "2", "15":
			return upstream.Failed5xx
		}
	}
	return upstream.OutcomeOf(resp.StatusCode)
}

// send does one try on one host.
func (t *router) send(r *http.Request, x *exchange, rt http.RoundTripper, h *upstream.Host, body *replay) attempt {
	ctx, cancel := context.WithCancelCause(r.Context())
	var perTry *time.Timer
	if p := x.route.Forward.Retry; p != nil && p.PerTry > 0 {
		perTry = time.AfterFunc(p.PerTry, func() { cancel(errTryTimeout) })
	}
	var sent atomic.Bool
	out := r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }}))
	if x.vh.AttemptCount {
		out.Header = out.Header.Clone()
		out.Header.Set("X-Envoy-Attempt-Count", strconv.Itoa(x.attempts))
	}
	if body != nil {
		out.Body, out.GetBody = body.attempt(), nil
	}
	if name := h.Spec().Hostname; name != "" && x.route.Forward.AutoHostRewrite {
		out.Host = name
	}
	done := h.Hold()
	// A transport may still own out.Body after it returned; a replayed body
	// copes with that, and without retries there is no other reader.
	resp, err := rt.RoundTrip(out) //nolint:bodyclose // the caller of RoundTrip closes it
	if perTry != nil {
		perTry.Stop() // the rest of an answer has only the route's time-out
	}
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errTryTimeout) || errors.Is(cause, errRouteTimeout) {
			h.RqTimeout.Add(1)
			err = cause
		}
		cancel(nil)
		done()
		return attempt{host: h, err: err, sent: sent.Load()}
	}
	resp.Request = r
	resp.Body = onClose(resp.Body, func() { cancel(nil); done() })
	return attempt{host: h, resp: resp, sent: true}
}

// onClose runs f once when body is closed. After an upgrade the body is also
// the way to write.
func onClose(body io.ReadCloser, f func()) io.ReadCloser {
	b := &closing{ReadCloser: body, f: f}
	if w, ok := body.(io.Writer); ok {
		return &duplex{closing: b, Writer: w}
	}
	return b
}

type closing struct {
	io.ReadCloser
	once sync.Once
	f    func()
}

func (c *closing) Close() error {
	err := c.ReadCloser.Close()
	c.once.Do(c.f)
	return err
}

type duplex struct {
	*closing
	io.Writer
}

// CloseWrite half-closes where the transport can.
func (d *duplex) CloseWrite() error {
	if h, ok := d.Writer.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}
