package secret

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
	"time"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Material is one decoded secret: a certificate or roots.
type Material struct {
	Generation uint64 // grows with each change
	Updated    time.Time
	Version    string
	Cert       *tls.Certificate // Leaf is set
	Roots      *x509.CertPool
	RootCerts  []*x509.Certificate
	CRLs       []*x509.RevocationList // beside Roots; empty: revocation is not checked
}

// Handle is one named secret, present or awaited.
type Handle struct {
	Name  string
	mu    sync.RWMutex  // guards now
	now   *Material     // nil until the first delivery
	ready chan struct{} // closed by the first delivery
}

// NewHandle returns an empty handle.
func NewHandle(name string) *Handle { return &Handle{Name: name, ready: make(chan struct{})} }

// Current returns what was last delivered, or nil.
func (h *Handle) Current() *Material {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.now
}

// Generation is 0 until the first delivery.
func (h *Handle) Generation() uint64 {
	if m := h.Current(); m != nil {
		return m.Generation
	}
	return 0
}

// Ready is closed when the first delivery has come.
func (h *Handle) Ready() <-chan struct{} { return h.ready }

// Await returns the material, waiting for the first delivery.
func (h *Handle) Await(ctx context.Context) (*Material, error) {
	select {
	case <-h.ready:
		return h.Current(), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("secret %q: SDS has not delivered it: %w", h.Name, ctx.Err())
	}
}

// Set decodes and publishes a delivery. On an error the old material stays.
// An equal delivery changes nothing, so that pools survive repeated pushes.
func (h *Handle) Set(in *tlsv3.Secret, version string) error {
	m, err := Decode(in)
	if err != nil {
		return fmt.Errorf("secret %q: %w", h.Name, err)
	}
	m.Version, m.Updated = version, time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.now == nil
	if !first && same(h.now, m) {
		return nil
	}
	if !first {
		m.Generation = h.now.Generation
	}
	m.Generation++
	h.now = m
	if first {
		close(h.ready)
	}
	return nil
}

func same(a, b *Material) bool {
	if (a.Cert == nil) != (b.Cert == nil) || len(a.RootCerts) != len(b.RootCerts) {
		return false
	}
	for i := range a.RootCerts {
		if !a.RootCerts[i].Equal(b.RootCerts[i]) {
			return false
		}
	}
	if len(a.CRLs) != len(b.CRLs) {
		return false
	}
	for i := range a.CRLs {
		if string(a.CRLs[i].Raw) != string(b.CRLs[i].Raw) {
			return false
		}
	}
	if a.Cert == nil {
		return true
	}
	if len(a.Cert.Certificate) != len(b.Cert.Certificate) {
		return false
	}
	for i := range a.Cert.Certificate {
		if string(a.Cert.Certificate[i]) != string(b.Cert.Certificate[i]) {
			return false
		}
	}
	return true
}

// Decode reads a certificate chain with its key, or a set of roots. What else a
// validation context could demand is refused rather than left out.
func Decode(in *tlsv3.Secret) (*Material, error) {
	switch t := in.GetType().(type) {
	case *tlsv3.Secret_TlsCertificate:
		c := t.TlsCertificate
		if len(c.GetPrivateKey().GetInlineBytes()) == 0 {
			return nil, errors.New("tls_certificate: want an inline private key")
		}
		pair, err := tls.X509KeyPair(c.GetCertificateChain().GetInlineBytes(), c.GetPrivateKey().GetInlineBytes())
		if err != nil {
			return nil, fmt.Errorf("tls_certificate: %w", err)
		}
		return &Material{Cert: &pair}, nil
	case *tlsv3.Secret_ValidationContext:
		return decodeValidation(t.ValidationContext)
	default:
		return nil, fmt.Errorf("type %T is not supported", t)
	}
}

func decodeValidation(in *tlsv3.CertificateValidationContext) (*Material, error) {
	var unknown error
	in.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if fd.Name() != "trusted_ca" && fd.Name() != "crl" {
			unknown = errors.Join(unknown, fmt.Errorf("validation_context.%s: field is not supported", fd.Name()))
		}
		return true
	})
	if unknown != nil {
		return nil, unknown
	}
	roots, err := sourceBytes(in.GetTrustedCa())
	if err != nil {
		return nil, fmt.Errorf("validation_context.trusted_ca: %w", err)
	}
	m, err := decodeRoots(roots)
	if err != nil {
		return nil, err
	}
	if m.CRLs, err = decodeCRLs(in.GetCrl()); err != nil {
		return nil, fmt.Errorf("validation_context.crl: %w", err)
	}
	return m, nil
}

func decodeRoots(data []byte) (*Material, error) {
	m := &Material{Roots: x509.NewCertPool()}
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("validation_context.trusted_ca: %w", err)
		}
		m.Roots.AddCert(c)
		m.RootCerts = append(m.RootCerts, c)
	}
	if len(m.RootCerts) == 0 {
		return nil, errors.New("validation_context.trusted_ca: want PEM with at least one certificate")
	}
	return m, nil
}
