package admin

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"time"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func (s *Server) certs(w http.ResponseWriter, _ *http.Request) {
	out := &adminv3.Certificates{}
	one := &adminv3.Certificate{}
	for _, h := range s.Secrets() {
		m := h.Current()
		if m == nil {
			continue
		}
		for _, c := range m.RootCerts {
			one.CaCert = append(one.CaCert, details(h.Name, c))
		}
		if m.Cert != nil {
			for _, der := range m.Cert.Certificate {
				if c, err := x509.ParseCertificate(der); err == nil {
					one.CertChain = append(one.CertChain, details(h.Name, c))
				}
			}
		}
	}
	if len(one.CaCert)+len(one.CertChain) > 0 {
		out.Certificates = append(out.Certificates, one)
	}
	writeProto(w, out)
}

func details(name string, c *x509.Certificate) *adminv3.CertificateDetails {
	out := &adminv3.CertificateDetails{
		Path: name, SerialNumber: fmt.Sprintf("%x", c.SerialNumber),
		ValidFrom: timestamppb.New(c.NotBefore), ExpirationTime: timestamppb.New(c.NotAfter),
		DaysUntilExpiration: uint64(max(0, int64(time.Until(c.NotAfter)/(24*time.Hour)))),
	}
	for _, u := range c.URIs {
		out.SubjectAltNames = append(out.SubjectAltNames, &adminv3.SubjectAlternateName{Name: &adminv3.SubjectAlternateName_Uri{Uri: u.String()}})
	}
	for _, d := range c.DNSNames {
		out.SubjectAltNames = append(out.SubjectAltNames, &adminv3.SubjectAlternateName{Name: &adminv3.SubjectAlternateName_Dns{Dns: d}})
	}
	return out
}
