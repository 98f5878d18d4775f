package testmesh

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// CA issues workload certificates.
type CA struct {
	t      testing.TB
	key    *ecdsa.PrivateKey
	Cert   *x509.Certificate
	serial atomic.Int64
}

// NewCA makes a CA with a key of its own.
func NewCA(t testing.TB) *CA {
	t.Helper()
	ca := &CA{t: t, key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{Organization: []string{"test mesh"}},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, ca.key.Public(), ca.key)
	ca.check(err)
	ca.Cert, err = x509.ParseCertificate(der)
	ca.check(err)
	return ca
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (ca *CA) check(err error) {
	ca.t.Helper()
	if err != nil {
		ca.t.Fatal(err)
	}
}

// Identity returns the SDS secret "default" for a SPIFFE id, newly issued.
func (ca *CA) Identity(spiffe string) *tlsv3.Secret {
	ca.t.Helper()
	uri, err := url.Parse(spiffe)
	ca.check(err)
	key := newKey(ca.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(ca.serial.Add(1)), URIs: []*url.URL{uri},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.Cert, key.Public(), ca.key)
	ca.check(err)
	rawKey, err := x509.MarshalPKCS8PrivateKey(key)
	ca.check(err)
	return &tlsv3.Secret{Name: "default", Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
		CertificateChain: Inline(pemOf("CERTIFICATE", der)), PrivateKey: Inline(pemOf("PRIVATE KEY", rawKey)),
	}}}
}

// Roots returns the SDS secret "ROOTCA" that trusts ca and others.
func (ca *CA) Roots(others ...*CA) *tlsv3.Secret {
	all := pemOf("CERTIFICATE", ca.Cert.Raw)
	for _, o := range others {
		all = append(all, pemOf("CERTIFICATE", o.Cert.Raw)...)
	}
	return &tlsv3.Secret{Name: "ROOTCA", Type: &tlsv3.Secret_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{TrustedCa: Inline(all)}}}
}

// CRL returns a PEM revocation list of the given serial numbers.
func (ca *CA) CRL(next time.Time, serials ...int64) []byte {
	ca.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: next}
	for _, s := range serials {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(s), RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, ca.Cert, ca.key)
	ca.check(err)
	return pemOf("X509 CRL", der)
}

// Inline is a data source with the bytes in it.
func Inline(b []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: b}}
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
