package tlsctx_test

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"go.uber.org/goleak"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/match"
	"github.com/eastwest-mesh/eastwest/dataplane/secret"
	"github.com/eastwest-mesh/eastwest/dataplane/testmesh"
	"github.com/eastwest-mesh/eastwest/dataplane/tlsctx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID = "spiffe://cluster.local/ns/a/sa/client"
	serverID = "spiffe://cluster.local/ns/a/sa/server"
)

// store is a fixed set of secrets.
type store map[string]*secret.Handle

func (s store) Handle(r config.SecretRef) *secret.Handle { return s[r.Name] }

func secrets(t *testing.T, ca *testmesh.CA, id string, trusts *testmesh.CA) store {
	t.Helper()
	s := store{"default": secret.NewHandle("default"), "ROOTCA": secret.NewHandle("ROOTCA")}
	if err := s["default"].Set(ca.Identity(id), "1"); err != nil {
		t.Fatal(err)
	}
	if err := s["ROOTCA"].Set(trusts.Roots(), "1"); err != nil {
		t.Fatal(err)
	}
	return s
}

func settings(san string, alpn ...string) *config.TLS {
	m, err := match.CompileString(&matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: san}})
	if err != nil {
		panic(err)
	}
	return &config.TLS{
		Cert: config.SecretRef{Name: "default"}, Roots: config.SecretRef{Name: "ROOTCA"}, SANs: []config.SAN{{Matcher: m}},
		ALPN: alpn, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13,
	}
}

// handshake runs both sides and exchanges a byte, since a TLS 1.3 client learns
// only then that it was refused.
func handshake(t *testing.T, client, server *tlsctx.Context, alpn []string) (tls.ConnectionState, error, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	a, b := pair(t)
	defer a.Close()
	defer b.Close()
	stop := context.AfterFunc(ctx, func() { _ = a.Close(); _ = b.Close() })
	defer stop()
	done := make(chan error, 1)
	var state tls.ConnectionState
	go func() {
		s, err := server.Server(ctx, b)
		if err == nil {
			state = s.ConnectionState()
			_, err = s.Write([]byte{1})
		} else {
			_ = b.Close()
		}
		done <- err
	}()
	c, err := client.Client(ctx, a, alpn)
	if err == nil {
		_, err = c.Read(make([]byte, 1))
	} else {
		_ = a.Close()
	}
	serr := <-done
	return state, err, serr
}

// pair is a TCP connection's two ends: unlike net.Pipe's they buffer, as alerts
// need that cross on the way.
func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	return client, server
}

func TestHandshakes(t *testing.T) {
	ca, other := testmesh.NewCA(t), testmesh.NewCA(t)
	required := func(s *config.TLS) *config.TLS { s.RequireClientCert = true; return s }
	noCert := func(s *config.TLS) *config.TLS { s.Cert = config.SecretRef{}; return s }
	good := func() (store, store) { return secrets(t, ca, clientID, ca), secrets(t, ca, serverID, ca) }
	for _, c := range []struct {
		name           string
		client, server *config.TLS
		secrets        func() (client, server store)
		clientErr      string // "" and "": it works
		serverErr      string
		protocol       string // ALPN when it works
	}{
		{name: "both identities", client: settings(serverID, "istio"), server: required(settings(clientID, "h2", "http/1.1")), secrets: good},
		{name: "wrong server name", client: settings("spiffe://x"), server: required(settings(clientID)), secrets: good, clientErr: serverID},
		{name: "wrong client name", client: settings(serverID), server: required(settings("spiffe://x")), secrets: good, serverErr: clientID},
		{name: "no client certificate", client: noCert(settings(serverID)), server: required(settings(clientID)), secrets: good, serverErr: "certificate"},
		{name: "no client certificate where none is needed", client: noCert(settings(serverID)), server: settings(clientID), secrets: good},
		{name: "a client certificate is verified even where none is needed", client: settings(serverID), server: settings("spiffe://x"), secrets: good, serverErr: clientID},
		{
			name: "server of another CA", client: settings(serverID), server: required(settings(clientID)), clientErr: "unknown authority",
			secrets: func() (store, store) { return secrets(t, ca, clientID, ca), secrets(t, other, serverID, ca) },
		},
		{
			name: "client of another CA", client: settings(serverID), server: required(settings(clientID)), serverErr: "unknown authority",
			secrets: func() (store, store) { return secrets(t, other, clientID, ca), secrets(t, ca, serverID, ca) },
		},
		{name: "ALPN in common, in the server's order", client: settings(serverID, "http/1.1", "h2"), server: required(settings(clientID, "h2", "http/1.1")), secrets: good, protocol: "h2"},
		{name: "nothing in common is no error", client: settings(serverID, "istio"), server: required(settings(clientID, "h2")), secrets: good},
		{name: "peer exchange is never negotiated", client: settings(serverID, "istio-peer-exchange", "istio"), server: required(settings(clientID, "istio-peer-exchange")), secrets: good},
	} {
		t.Run(c.name, func(t *testing.T) {
			cs, ss := c.secrets()
			state, cerr, serr := handshake(t, tlsctx.New(c.client, cs), tlsctx.New(c.server, ss), nil)
			if c.clientErr == "" && c.serverErr == "" {
				if cerr != nil || serr != nil {
					t.Fatalf("client: %v; server: %v", cerr, serr)
				}
				if state.NegotiatedProtocol != c.protocol {
					t.Errorf("protocol %q, want %q", state.NegotiatedProtocol, c.protocol)
				}
				if state.DidResume {
					t.Error("the session was resumed")
				}
				return
			}
			if cerr == nil {
				t.Error("the client does not know that it was refused")
			}
			for what, want := range map[error]string{cerr: c.clientErr, serr: c.serverErr} {
				if want != "" && (what == nil || !strings.Contains(what.Error(), want)) {
					t.Errorf("error %v, want it to say %q", what, want)
				}
			}
		})
	}
}

func TestOverriddenALPN(t *testing.T) {
	ca := testmesh.NewCA(t)
	server := settings(clientID, "h2", "http/1.1")
	state, cerr, serr := handshake(t, tlsctx.New(settings(serverID, "istio"), secrets(t, ca, clientID, ca)), tlsctx.New(server, secrets(t, ca, serverID, ca)), []string{"istio-http/1.1", "istio", "http/1.1"})
	if cerr != nil || serr != nil || state.NegotiatedProtocol != "http/1.1" {
		t.Errorf("%q %v %v, want http/1.1", state.NegotiatedProtocol, cerr, serr)
	}
}

func TestRevokedAndUnlistedCertificates(t *testing.T) {
	ca, other := testmesh.NewCA(t), testmesh.NewCA(t)
	hour := time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		crl  []byte
		want string // in the client's error; "" works
	}{
		"an empty list file checks nothing": {nil, ""},
		"not listed":                        {ca.CRL(hour, 999), ""},
		"revoked":                           {ca.CRL(hour, 1), "it is revoked"},
		"out of date":                       {ca.CRL(time.Now().Add(-time.Second)), "out of date"},
		"list of another CA":                {other.CRL(hour), "no revocation list"},
	} {
		t.Run(name, func(t *testing.T) {
			fresh := ca
			cs, ss := secrets(t, fresh, clientID, ca), secrets(t, fresh, serverID, ca)
			server := ss["default"].Current().Cert.Leaf
			if c.want == "it is revoked" {
				c.crl = ca.CRL(hour, server.SerialNumber.Int64())
			}
			roots := ca.Roots()
			roots.GetValidationContext().Crl = testmesh.Inline(c.crl)
			if err := cs["ROOTCA"].Set(roots, "2"); err != nil {
				t.Fatal(err)
			}
			_, cerr, _ := handshake(t, tlsctx.New(settings(serverID), cs), tlsctx.New(settings(clientID), ss), nil)
			if c.want == "" && cerr != nil || c.want != "" && (cerr == nil || !strings.Contains(cerr.Error(), c.want)) {
				t.Errorf("error %v, want %q", cerr, c.want)
			}
		})
	}
}

func TestGenerationGrowsWithRotationOnly(t *testing.T) {
	ca := testmesh.NewCA(t)
	s := secrets(t, ca, clientID, ca)
	c := tlsctx.New(settings(serverID), s)
	first := c.Generation()
	if err := s["ROOTCA"].Set(ca.Roots(), "2"); err != nil || c.Generation() != first {
		t.Errorf("an equal delivery changed the generation (%v): pools would be lost for nothing", err)
	}
	if err := s["default"].Set(ca.Identity(clientID), "2"); err != nil || c.Generation() == first {
		t.Errorf("a new certificate left the generation as it was (%v)", err)
	}
	before := c.Generation()
	if err := s["default"].Set(ca.Roots(), "3"); err == nil && c.Generation() == before {
		t.Error("roots in place of a certificate went unnoticed")
	}
}
