package server_test

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	networkrbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/testmesh"
)

func exact(s string) *matcherv3.StringMatcher {
	return &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: s}}
}

func TestAccessRulesSeeTheNormalizedPath(t *testing.T) {
	filter := &hcmv3.HttpFilter{Name: "envoy.filters.http.rbac", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: testmesh.Any(t, &httprbacv3.RBAC{Rules: &rbacv3.RBAC{
		Policies: map[string]*rbacv3.Policy{"p": {
			Permissions: []*rbacv3.Permission{{Rule: &rbacv3.Permission_UrlPath{UrlPath: &matcherv3.PathMatcher{Rule: &matcherv3.PathMatcher_Path{Path: exact("/hello")}}}}},
			Principals:  []*rbacv3.Principal{{Identifier: &rbacv3.Principal_Any{Any: true}}},
		}},
	}})}}
	p := start(t, testmesh.NewCA(t), "")
	p.cp.Put(testmesh.XDSCluster(t, service, nil), testmesh.Endpoints(t, service, app(t, "v1")),
		testmesh.Listener("in", testmesh.Loopback, testmesh.HTTPFilter(t, "", testmesh.Route("r", service, nil), filter)))
	p.live()
	for _, c := range []struct {
		target string
		status int
	}{
		{"/hello", 200},
		{"/hello?x=/other", 200},
		{"/hello#fragment", 200},
		{"/other/../hello", 200},
		{"/%68ello", 200},
		{"/hello/../other", 403},
		{"/hello/%2e%2e/other", 403},
		{"/hello%2f..", 403},
		{"/", 403},
		{"/HELLO", 403},
	} {
		if got := rawCall(t, p.addr("in"), "GET "+c.target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); got != c.status {
			t.Errorf("%s: status %d, want %d", c.target, got, c.status)
		}
	}
}

func TestEmptyNetworkRulesDenyAll(t *testing.T) {
	p := start(t, testmesh.NewCA(t), "")
	deny := &listenerv3.Filter{Name: "envoy.filters.network.rbac", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: testmesh.Any(t, &networkrbacv3.RBAC{Rules: &rbacv3.RBAC{}, StatPrefix: "tcp."})}}
	p.cp.Put(testmesh.XDSCluster(t, service, nil), testmesh.Endpoints(t, service, app(t, "v1")),
		testmesh.Listener("open", testmesh.Loopback, testmesh.TCPFilter(t, service)),
		testmesh.Listener("closed", testmesh.Loopback, deny, testmesh.TCPFilter(t, service)))
	p.live()
	const call = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	if got := rawCall(t, p.addr("open"), call); got != http.StatusOK {
		t.Fatalf("control: %d", got)
	}
	if got := rawCall(t, p.addr("closed"), call); got != 0 {
		t.Errorf("answered %d, want the connection to end", got)
	}
}

func TestForgedClientCertHeaderIsDropped(t *testing.T) {
	p := plain(t, testmesh.Route("r", service, nil), nil, app(t, "v1"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.addr("out").String()+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-Client-Cert", "URI=spiffe://cluster.local/ns/sample/sa/admin")
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := resp.Header.Get("X-Saw-Client-Cert"); got != "" {
		t.Errorf("the application saw %q from a caller without a certificate", got)
	}
}

func TestTCPHalfCloseAndReset(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b, _ := io.ReadAll(c) // until the caller half-closes
				if string(b) == "reset" {
					_ = c.(*net.TCPConn).SetLinger(0)
					return
				}
				_, _ = c.Write(append([]byte("got "), b...))
			}()
		}
	}()
	p := start(t, testmesh.NewCA(t), "")
	p.cp.Put(testmesh.XDSCluster(t, service, nil), testmesh.Endpoints(t, service, netip.MustParseAddrPort(ln.Addr().String())),
		testmesh.Listener("tcp", testmesh.Loopback, testmesh.TCPFilter(t, service)))
	p.live()
	exchange := func(text string) (string, error) {
		c, err := net.Dial("tcp", p.addr("tcp").String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(testmesh.Patience))
		_, _ = io.WriteString(c, text)
		_ = c.(*net.TCPConn).CloseWrite()
		b, err := io.ReadAll(c)
		return string(b), err
	}
	if got, err := exchange("hello"); err != nil || got != "got hello" {
		t.Errorf("half-close: got %q %v", got, err)
	}
	if got, err := exchange("reset"); err == nil {
		t.Errorf("a reset upstream looks like a complete answer %q", got)
	}
}
