package secret

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

// decodeCRLs reads certificate revocation lists. pilot-agent names a file, which
// is empty for a CA without revocations, and then there is nothing to check.
func decodeCRLs(in *corev3.DataSource) ([]*x509.RevocationList, error) {
	data, err := sourceBytes(in)
	if err != nil {
		return nil, err
	}
	var out []*x509.RevocationList
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return out, nil
		}
		if block.Type != "X509 CRL" {
			return nil, fmt.Errorf("PEM block %q: want X509 CRL", block.Type)
		}
		l, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
}

func sourceBytes(in *corev3.DataSource) ([]byte, error) {
	switch s := in.GetSpecifier().(type) {
	case nil:
		return nil, nil
	case *corev3.DataSource_InlineBytes:
		return s.InlineBytes, nil
	case *corev3.DataSource_InlineString:
		return []byte(s.InlineString), nil
	case *corev3.DataSource_Filename:
		return os.ReadFile(s.Filename)
	default:
		return nil, fmt.Errorf("data source %T is not supported", s)
	}
}

// CheckRevocation refuses a chain (leaf first, root last) with a certificate
// that its issuer has revoked, or whose issuer's list is missing or out of date,
// as Envoy does. Without lists nothing is refused.
func (m *Material) CheckRevocation(chain []*x509.Certificate, now time.Time) error {
	if len(m.CRLs) == 0 {
		return nil
	}
	for i := 0; i+1 < len(chain); i++ {
		if err := m.checkOne(chain[i], chain[i+1], now); err != nil {
			return fmt.Errorf("certificate %x: %w", chain[i].SerialNumber, err)
		}
	}
	return nil
}

func (m *Material) checkOne(c, issuer *x509.Certificate, now time.Time) error {
	for _, l := range m.CRLs {
		if l.CheckSignatureFrom(issuer) != nil {
			continue
		}
		if !l.NextUpdate.IsZero() && now.After(l.NextUpdate) {
			return errors.New("its issuer's revocation list is out of date")
		}
		for _, r := range l.RevokedCertificateEntries {
			if r.SerialNumber.Cmp(c.SerialNumber) == 0 {
				return errors.New("it is revoked")
			}
		}
		return nil
	}
	return errors.New("its issuer has no revocation list")
}
