package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/eastwest-mesh/eastwest/dataplane/bootstrap"
	"github.com/eastwest-mesh/eastwest/dataplane/server"
	"github.com/eastwest-mesh/eastwest/dataplane/testmesh"
)

const (
	typeCluster  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	typeEndpoint = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	typeListener = "type.googleapis.com/envoy.config.listener.v3.Listener"
	typeRoute    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// proxy is a running proxy with the control plane that feeds it.
type proxy struct {
	t  *testing.T
	cp *testmesh.ControlPlane
	s  *server.Server
}

// start runs a proxy with identity (one of ca's), until the test ends.
func start(t *testing.T, ca *testmesh.CA, identity string) *proxy {
	t.Helper()
	cp := testmesh.NewControlPlane(t)
	if identity != "" {
		cp.PutSecret(ca.Identity(identity), ca.Roots())
	}
	return run(t, cp)
}

func run(t *testing.T, cp *testmesh.ControlPlane) *proxy {
	t.Helper()
	b, err := bootstrap.Parse(testmesh.Bootstrap(cp.Socket))
	if err != nil {
		t.Fatal(err)
	}
	var level slog.LevelVar
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: &level}))
	level.Set(slog.LevelWarn)
	s, err := server.New(t.Context(), server.Options{Bootstrap: b, DrainTime: 200 * time.Millisecond, Version: "eastwest-dataplane/test", Log: log, Level: &level})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		s.Close()
	})
	return &proxy{t: t, cp: cp, s: s}
}

// testWriter sends the proxy's log to the test's.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}

// addr is where a listener is bound, once it is.
func (p *proxy) addr(listener string) netip.AddrPort {
	p.t.Helper()
	var out netip.AddrPort
	eventually(p.t, "listener "+listener, func() error {
		bound := p.s.Listening(listener)
		if len(bound) == 0 {
			return fmt.Errorf("listener %q is not bound", listener)
		}
		out = netip.MustParseAddrPort(bound[0].String())
		return nil
	})
	return out
}

// live waits until /ready answers 200.
func (p *proxy) live() {
	p.t.Helper()
	eventually(p.t, "live", func() error {
		status, body := p.admin(http.MethodGet, "/ready")
		if status != http.StatusOK {
			return fmt.Errorf("status %d: %s", status, body)
		}
		return nil
	})
}

func (p *proxy) admin(method, path string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.s.AdminAddr().String()+path, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// eventually polls what cannot be watched from outside the proxy.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(testmesh.Patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s: %v", testmesh.Patience, what, err)
		}
		<-tick.C
	}
}

// app is an application that answers with its name and shows what it was sent.
func app(t *testing.T, name string) netip.AddrPort {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-App", name)
		w.Header().Set("X-Saw-Client-Cert", r.Header.Get("X-Forwarded-Client-Cert"))
		w.Header().Set("X-Saw-Attempt", r.Header.Get("X-Envoy-Attempt-Count"))
		w.Header().Set("X-Saw-Path", r.RequestURI)
		_, _ = fmt.Fprintf(w, "%s %d", name, len(body))
	}))
}

func serve(t *testing.T, h http.Handler) netip.AddrPort {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = protocols
	s.Start()
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

// client makes calls over connections of its own.
func client(t *testing.T) *http.Client {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: testmesh.Patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

type answer struct {
	status int
	body   string
	header http.Header
	closes bool // it ends its connection
}

func get(t *testing.T, c *http.Client, at netip.AddrPort, path string) answer {
	t.Helper()
	return call(t, c, http.MethodGet, at, path, nil)
}

func call(t *testing.T, c *http.Client, method string, at netip.AddrPort, path string, body io.Reader) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+at.String()+path, body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, string(b), resp.Header, resp.Close}
}

// rawCall sends text and reads one answer's status; 0 when the connection ended
// without one.
func rawCall(t *testing.T, at netip.AddrPort, text string) int {
	t.Helper()
	c, err := net.DialTimeout("tcp", at.String(), testmesh.Patience)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(testmesh.Patience))
	_, _ = io.WriteString(c, text)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
