package tlsctx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/eastwest-mesh/eastwest/dataplane/config"
	"github.com/eastwest-mesh/eastwest/dataplane/secret"
)

// peerExchange promises Istio's metadata preamble to whoever negotiates it.
// This program does not speak it, so it neither offers nor accepts it.
const peerExchange = "istio-peer-exchange"

// Secrets finds the handle of a secret, starting its subscription when new.
type Secrets interface {
	Handle(config.SecretRef) *secret.Handle
}

// Context is one TLS configuration with its secrets.
type Context struct {
	cfg         *config.TLS
	cert, roots *secret.Handle // nil where cfg names none
}

// New resolves cfg's secrets. It does not wait for them.
func New(cfg *config.TLS, secrets Secrets) *Context {
	c := &Context{cfg: cfg}
	if cfg.Cert.Name != "" {
		c.cert = secrets.Handle(cfg.Cert)
	}
	if cfg.Roots.Name != "" {
		c.roots = secrets.Handle(cfg.Roots)
	}
	return c
}

// Generation changes when a secret was rotated: connections of an older
// generation must not be reused.
func (c *Context) Generation() uint64 {
	var n uint64
	if c.cert != nil {
		n += c.cert.Generation() << 32
	}
	if c.roots != nil {
		n += c.roots.Generation()
	}
	return n
}

// Leaf is our own certificate now, or nil.
func (c *Context) Leaf() *x509.Certificate {
	if c.cert == nil {
		return nil
	}
	if m := c.cert.Current(); m != nil && m.Cert != nil {
		return m.Cert.Leaf
	}
	return nil
}

// Server does a server handshake over raw. The result's client certificate, if
// any, is verified.
func (c *Context) Server(ctx context.Context, raw net.Conn) (*tls.Conn, error) {
	base, err := c.base(ctx, x509.ExtKeyUsageClientAuth)
	if err != nil {
		return nil, err
	}
	// A resumed session would keep an identity that rotation has replaced.
	base.SessionTicketsDisabled = true
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		picked := base.Clone()
		picked.GetConfigForClient = nil
		picked.NextProtos = overlap(c.cfg.ALPN, hello.SupportedProtos)
		return picked, nil
	}
	switch {
	case c.cfg.RequireClientCert:
		base.ClientAuth = tls.RequireAnyClientCert // verified in VerifyConnection
	case c.roots != nil:
		base.ClientAuth = tls.RequestClientCert
	}
	t := tls.Server(raw, base)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("server handshake: %w", err)
	}
	return t, nil
}

// Client does a client handshake over raw. alpn replaces the configured list
// when it is not nil.
func (c *Context) Client(ctx context.Context, raw net.Conn, alpn []string) (*tls.Conn, error) {
	base, err := c.base(ctx, x509.ExtKeyUsageServerAuth)
	if err != nil {
		return nil, err
	}
	if alpn == nil {
		alpn = c.cfg.ALPN
	}
	base.ServerName = c.cfg.SNI
	base.InsecureSkipVerify = true // names are SPIFFE ids: VerifyConnection does all of it
	base.NextProtos = without(alpn, peerExchange)
	t := tls.Client(raw, base)
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("client handshake: %w", err)
	}
	return t, nil
}

// base waits for the secrets and fixes them for one handshake.
func (c *Context) base(ctx context.Context, usage x509.ExtKeyUsage) (*tls.Config, error) {
	out := &tls.Config{MinVersion: c.cfg.MinVersion, MaxVersion: c.cfg.MaxVersion}
	if c.cert != nil {
		m, err := c.cert.Await(ctx)
		if err != nil {
			return nil, err
		}
		if m.Cert == nil {
			return nil, fmt.Errorf("secret %q: want a certificate, got roots", c.cert.Name)
		}
		// Given even when the server's list of accepted issuers does not name
		// ours, as BoringSSL does.
		out.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return m.Cert, nil }
		out.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return m.Cert, nil }
	}
	var roots *secret.Material
	if c.roots != nil {
		m, err := c.roots.Await(ctx)
		if err != nil {
			return nil, err
		}
		if roots = m; m.Roots == nil {
			return nil, fmt.Errorf("secret %q: want roots, got a certificate", c.roots.Name)
		}
	}
	out.VerifyConnection = func(cs tls.ConnectionState) error { return c.verify(cs, roots, usage) }
	return out, nil
}

// verify checks the peer's chain and names. A client that need not show a
// certificate may show none.
func (c *Context) verify(cs tls.ConnectionState, roots *secret.Material, usage x509.ExtKeyUsage) error {
	if len(cs.PeerCertificates) == 0 {
		if usage == x509.ExtKeyUsageClientAuth && !c.cfg.RequireClientCert {
			return nil
		}
		return errors.New("peer showed no certificate")
	}
	if roots == nil {
		return errors.New("peer certificate cannot be verified: no roots are configured")
	}
	leaf, intermediates := cs.PeerCertificates[0], x509.NewCertPool()
	for _, ic := range cs.PeerCertificates[1:] {
		intermediates.AddCert(ic)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots.Roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return fmt.Errorf("peer certificate: %w", err)
	}
	if err := unrevoked(chains, roots); err != nil {
		return fmt.Errorf("peer certificate: %w", err)
	}
	return matchSANs(c.cfg.SANs, leaf)
}

// unrevoked wants one of the chains to hold no revoked certificate.
func unrevoked(chains [][]*x509.Certificate, roots *secret.Material) error {
	var all error
	for _, chain := range chains {
		err := roots.CheckRevocation(chain, time.Now())
		if err == nil {
			return nil
		}
		all = errors.Join(all, err)
	}
	return all
}

func matchSANs(want []config.SAN, leaf *x509.Certificate) error {
	if len(want) == 0 {
		return nil
	}
	var have []string
	for _, n := range names(leaf) {
		for _, w := range want {
			if (w.Kind == tlsv3.SubjectAltNameMatcher_SAN_TYPE_UNSPECIFIED || w.Kind == n.kind) && w.Matcher.Match(n.text) {
				return nil
			}
		}
		have = append(have, n.text)
	}
	return fmt.Errorf("peer certificate names %q, none of which is accepted", have)
}

type name struct {
	kind tlsv3.SubjectAltNameMatcher_SanType
	text string
}

func names(leaf *x509.Certificate) []name {
	var out []name
	for _, u := range leaf.URIs {
		out = append(out, name{tlsv3.SubjectAltNameMatcher_URI, u.String()})
	}
	for _, d := range leaf.DNSNames {
		out = append(out, name{tlsv3.SubjectAltNameMatcher_DNS, d})
	}
	for _, ip := range leaf.IPAddresses {
		out = append(out, name{tlsv3.SubjectAltNameMatcher_IP_ADDRESS, ip.String()})
	}
	for _, e := range leaf.EmailAddresses {
		out = append(out, name{tlsv3.SubjectAltNameMatcher_EMAIL, e})
	}
	return out
}

// overlap keeps the server's protocols that the client offers. Nothing in
// common leaves ALPN out, as BoringSSL does; crypto/tls alone would abort.
func overlap(server, client []string) []string {
	var out []string
	for _, p := range server {
		if p != peerExchange && slices.Contains(client, p) {
			out = append(out, p)
		}
	}
	return out
}

func without(list []string, drop string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == drop })
}
