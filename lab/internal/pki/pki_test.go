package pki

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"testing"
)

func TestServerCertificateIsTrusted(t *testing.T) {
	ca, err := NewAuthority("kube-ca")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Server("kube-apiserver", []string{"kubernetes.default.svc"}, []netip.Addr{netip.MustParseAddr("172.30.0.11")})
	if err != nil {
		t.Fatal(err)
	}
	own, err := ca.Pair()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(own.Cert) {
		t.Fatal("the authority's certificate is not PEM")
	}
	cert, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		ok   bool
	}{{"kubernetes.default.svc", true}, {"172.30.0.11", true}, {"172.30.0.12", false}, {"example.test", false}} {
		_, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: c.name})
		if (err == nil) != c.ok {
			t.Errorf("verify for %s: %v, want ok=%v", c.name, err, c.ok)
		}
	}
}

func TestClientCertificateCarriesUserAndGroups(t *testing.T) {
	ca, err := NewAuthority("kube-ca")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Client("system:node:n", "system:nodes")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	if got := cert.Leaf.Subject.CommonName; got != "system:node:n" {
		t.Errorf("user: got %q", got)
	}
	if got := cert.Leaf.Subject.Organization; len(got) != 1 || got[0] != "system:nodes" {
		t.Errorf("groups: got %q", got)
	}
	if len(cert.Leaf.ExtKeyUsage) != 1 || cert.Leaf.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth {
		t.Errorf("usage: got %v, want client authentication only", cert.Leaf.ExtKeyUsage)
	}
}
