package server_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	httpoptionsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/eastwest-mesh/eastwest/dataplane/testmesh"
)

// plain is a proxy that forwards cleartext to hosts by a route.
func plain(t *testing.T, route *routev3.RouteConfiguration, c *clusterv3.Cluster, hosts ...netip.AddrPort) *proxy {
	t.Helper()
	p := start(t, testmesh.NewCA(t), "")
	if c == nil {
		c = testmesh.XDSCluster(t, service, nil)
	}
	p.cp.Put(c, testmesh.Endpoints(t, service, hosts...), testmesh.Listener("out", testmesh.Loopback, testmesh.HTTPFilter(t, "r", nil)), route)
	p.live()
	return p
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return netip.MustParseAddrPort(ln.Addr().String())
}

func TestRetryMasksADeadHost(t *testing.T) {
	retry := testmesh.DefaultRetry()
	retry.RetryHostPredicate = []*routev3.RetryPolicy_RetryHostPredicate{{Name: "envoy.retry_host_predicates.previous_hosts"}}
	p := plain(t, testmesh.Route("r", service, retry), nil, app(t, "v1"), closedPort(t))
	c := client(t)
	attempts := map[string]int{}
	for range 40 {
		a := call(t, c, http.MethodPost, p.addr("out"), "/", strings.NewReader("body"))
		if a.status != http.StatusOK || a.body != "v1 4" {
			t.Fatalf("got %d %q, want 200 with the whole body", a.status, a.body)
		}
		attempts[a.header.Get("X-Saw-Attempt")]++
	}
	if attempts["1"] == 0 || attempts["2"] == 0 || attempts["3"] != 0 {
		t.Errorf("attempts %v, want some first and some second ones, and no third", attempts)
	}
}

func TestNoRetryWithoutAPolicy(t *testing.T) {
	p := plain(t, testmesh.Route("r", service, nil), nil, closedPort(t))
	a := get(t, client(t), p.addr("out"), "/")
	if a.status != http.StatusServiceUnavailable || !strings.HasPrefix(a.body, "upstream connect error or disconnect/reset before headers") {
		t.Errorf("got %d %q", a.status, a.body)
	}
}

func TestNoHostAndNoCluster(t *testing.T) {
	p := plain(t, testmesh.Route("r", service, nil), nil)
	if a := get(t, client(t), p.addr("out"), "/"); a.status != http.StatusServiceUnavailable || a.body != "no healthy upstream" {
		t.Errorf("no host: got %d %q", a.status, a.body)
	}
	p.cp.AwaitAck(typeRoute, p.cp.Put(testmesh.Route("r", "nowhere", nil)))
	if a := get(t, client(t), p.addr("out"), "/"); a.status != http.StatusServiceUnavailable {
		t.Errorf("unknown xdsCluster: status %d, want 503", a.status)
	}
}

func TestRetryOn5xxAndItsEnd(t *testing.T) {
	var calls atomic.Int64
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) <= 2 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	p := plain(t, testmesh.Route("r", service, &routev3.RetryPolicy{RetryOn: "5xx", NumRetries: wrapperspb.UInt32(2)}), nil, host)
	c := client(t)
	if a := get(t, c, p.addr("out"), "/"); a.status != http.StatusOK || calls.Load() != 3 {
		t.Errorf("status %d after %d calls, want 200 after 3", a.status, calls.Load())
	}
	calls.Store(-10)
	if a := get(t, c, p.addr("out"), "/"); a.status != http.StatusBadGateway || calls.Load() != -7 {
		t.Errorf("status %d after %d calls, want the last 502 after 3", a.status, calls.Load()+10)
	}
}

func TestTimeouts(t *testing.T) {
	release := make(chan struct{})
	var calls atomic.Int64
	host := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	}))
	t.Cleanup(func() { close(release) })
	r := testmesh.Route("r", service, nil)
	action := r.GetVirtualHosts()[0].GetRoutes()[0].GetRoute()
	action.Timeout = durationpb.New(50 * time.Millisecond)
	p := plain(t, r, nil, host)
	if a := get(t, client(t), p.addr("out"), "/"); a.status != http.StatusGatewayTimeout || a.body != "upstream request timeout" {
		t.Errorf("route time-out: got %d %q", a.status, a.body)
	}
	calls.Store(0)
	action.Timeout = durationpb.New(0)
	action.RetryPolicy = &routev3.RetryPolicy{RetryOn: "5xx", PerTryTimeout: durationpb.New(50 * time.Millisecond)}
	p.cp.AwaitAck(typeRoute, p.cp.Put(r))
	if a := get(t, client(t), p.addr("out"), "/"); a.status != http.StatusOK || calls.Load() != 2 {
		t.Errorf("per-try time-out: status %d after %d calls, want 200 after 2", a.status, calls.Load())
	}
}

func TestLargeBodiesBothWays(t *testing.T) {
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.Copy(w, r.Body) // an echo that streams
	}))
	p := plain(t, testmesh.Route("r", service, testmesh.DefaultRetry()), nil, host)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<19)                                             // 8 MiB, beyond what is kept for retries
	a := call(t, client(t), http.MethodPost, p.addr("out"), "/", io.MultiReader(bytes.NewReader(body))) // chunked
	if a.status != http.StatusOK || sha256.Sum256([]byte(a.body)) != sha256.Sum256(body) {
		t.Errorf("status %d, %d bytes back of %d", a.status, len(a.body), len(body))
	}
}

func TestContinueIsPassedOn(t *testing.T) {
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Refuse") != "" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		b, _ := io.ReadAll(r.Body)
		_, _ = w.Write(b)
	}))
	p := plain(t, testmesh.Route("r", service, nil), nil, host)
	c, err := net.Dial("tcp", p.addr("out").String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(testmesh.Patience))
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusContinue {
		t.Fatalf("got %v %v, want 100", resp, err)
	}
	_, _ = io.WriteString(c, "hello")
	resp, err = http.ReadResponse(r, nil)
	for err == nil && resp.StatusCode == http.StatusContinue { // one from the proxy, one from behind it
		resp, err = http.ReadResponse(r, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK || string(b) != "hello" {
		t.Errorf("got %d %q", resp.StatusCode, b)
	}
}

func TestWebsocketUpgradeCarriesBytesBothWays(t *testing.T) {
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := rw.ReadString('\n')
		_, _ = io.WriteString(c, "echo "+line)
	}))
	route := testmesh.Route("r", service, testmesh.DefaultRetry())
	route.GetVirtualHosts()[0].GetRoutes()[0].GetRoute().Timeout = durationpb.New(100 * time.Millisecond)
	p := plain(t, route, nil, host)
	c, err := net.Dial("tcp", p.addr("out").String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(testmesh.Patience))
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v %v, want 101", resp, err)
	}
	// The route's time-out is for the answer, not for the stream after it.
	timer := time.NewTimer(200 * time.Millisecond)
	<-timer.C
	_, _ = io.WriteString(c, "hello\n")
	if line, err := r.ReadString('\n'); err != nil || line != "echo hello\n" {
		t.Errorf("got %q %v", line, err)
	}
	if got := rawCall(t, p.addr("out"), "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n"); got != http.StatusForbidden {
		t.Errorf("an upgrade that is not configured answers %d, want 403", got)
	}
	// An offer of HTTP/2 is declined, not refused: the application sees a plain call.
	if got := rawCall(t, p.addr("out"), "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n"); got != http.StatusBadRequest {
		t.Errorf("an offer of h2c answers %d, want the application's 400", got)
	}
}

func TestHTTP2StreamsAndTrailers(t *testing.T) {
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			w.WriteHeader(http.StatusHTTPVersionNotSupported)
			return
		}
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		rc := http.NewResponseController(w)
		_ = rc.Flush()
		in := bufio.NewReader(r.Body)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				break
			}
			_, _ = io.WriteString(w, "echo "+line)
			_ = rc.Flush()
		}
		w.Header().Set("Grpc-Status", "0"+r.Trailer.Get("X-Request-Trailer"))
	}))
	c := testmesh.XDSCluster(t, service, nil)
	c.TypedExtensionProtocolOptions = asDownstream(t)
	p := plain(t, testmesh.Route("r", service, testmesh.DefaultRetry()), c, host)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	tr := &http.Transport{Protocols: protocols}
	t.Cleanup(tr.CloseIdleConnections)
	pr, pw := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.addr("out").String()+"/", pr)
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"X-Request-Trailer": {"7"}}
	resp, err := tr.RoundTrip(req) // before any of the body is sent
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for i := range 3 {
		_, _ = fmt.Fprintf(pw, "%d\n", i)
		if line, err := in.ReadString('\n'); err != nil || line != fmt.Sprintf("echo %d\n", i) {
			t.Fatalf("message %d: got %q %v", i, line, err)
		}
	}
	_ = pw.Close()
	if _, err := io.ReadAll(in); err != nil {
		t.Fatal(err)
	}
	if got := resp.Trailer.Get("Grpc-Status"); got != "07" {
		t.Errorf("trailer %q, want 07: trailers of the answer and of the request", got)
	}
	// The same xdsCluster speaks HTTP/1 to HTTP/1 callers.
	if a := get(t, client(t), p.addr("out"), "/"); a.status != http.StatusHTTPVersionNotSupported {
		t.Errorf("HTTP/1 call: status %d", a.status)
	}
}

// asDownstream makes an xdsCluster speak the caller's version of HTTP.
func asDownstream(t *testing.T) map[string]*anypb.Any {
	return map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": testmesh.Any(t, &httpoptionsv3.HttpProtocolOptions{
		UpstreamProtocolOptions: &httpoptionsv3.HttpProtocolOptions_UseDownstreamProtocolConfig{UseDownstreamProtocolConfig: &httpoptionsv3.HttpProtocolOptions_UseDownstreamHttpConfig{
			HttpProtocolOptions: &corev3.Http1ProtocolOptions{}, Http2ProtocolOptions: &corev3.Http2ProtocolOptions{},
		}},
	})}
}
