package istio

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"slices"
)

// parseCertificates reads the certificates of a PEM bundle, ordered by fingerprint, each
// once. A bundle without any is an error. What is no certificate is not looked at.
func parseCertificates(bundle []byte) ([]Certificate, error) {
	chain, err := parseChain(bundle)
	slices.SortFunc(chain, func(a, b Certificate) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	return slices.CompactFunc(chain, func(a, b Certificate) bool { return a.Fingerprint == b.Fingerprint }), err
}

// parseChain reads them in their order.
func parseChain(bundle []byte) ([]Certificate, error) {
	var chain []Certificate
	for {
		block, rest := pem.Decode(bundle)
		if block == nil {
			break
		}
		bundle = rest
		if block.Type != "CERTIFICATE" {
			continue
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("a certificate cannot be read")
		}
		chain = append(chain, certificateOf(parsed))
	}
	if len(chain) == 0 {
		return nil, errors.New("there is no certificate")
	}
	return chain, nil
}

func certificateOf(parsed *x509.Certificate) Certificate {
	sum := sha256.Sum256(parsed.Raw)
	certificate := Certificate{Fingerprint: hex.EncodeToString(sum[:]), NotBefore: parsed.NotBefore.UTC(), NotAfter: parsed.NotAfter.UTC()}
	for _, identity := range parsed.URIs {
		if identity.Scheme == "spiffe" {
			certificate.SPIFFE = append(certificate.SPIFFE, identity.String())
		}
	}
	return certificate
}

// The secrets that every proxy of Istio's asks for
// (security/pkg/nodeagent/cache/secretcache.go).
const (
	rootSecret = "ROOTCA"
	ownSecret  = "default"
)

// dataSource is envoy.config.core.v3.DataSource.
type dataSource struct {
	Bytes  string `json:"inline_bytes"`
	String string `json:"inline_string"`
}

func (d dataSource) content() ([]byte, error) {
	if d.String != "" {
		return []byte(d.String), nil
	}
	return base64.StdEncoding.DecodeString(d.Bytes)
}

// held are the certificates that a proxy holds.
type held struct {
	roots []Certificate
	own   *Certificate
}

// secretsDump is the part of envoy.admin.v3.SecretsConfigDump that is read.
type secretsDump struct {
	Configs []struct {
		Name   string `json:"name"`
		Secret struct {
			Own struct {
				Chain dataSource `json:"certificate_chain"`
			} `json:"tls_certificate"`
			Validation struct {
				Roots dataSource `json:"trusted_ca"`
			} `json:"validation_context"`
			Combined struct {
				Default struct {
					Roots dataSource `json:"trusted_ca"`
				} `json:"default_validation_context"`
			} `json:"combined_validation_context"`
		} `json:"secret"`
	} `json:"configs"`
}

// parseSecrets reads a proxy's config_dump?resource=dynamic_active_secrets. Of private keys, which the proxy blanks out, nothing
// is read. A gateway that only passes TLS on may hold nothing.
func parseSecrets(document []byte) (held, error) {
	var dump secretsDump
	if err := json.Unmarshal(document, &dump); err != nil {
		return held{}, malformed("want JSON of envoy.admin.v3.ConfigDump")
	}
	var found held
	for _, config := range dump.Configs {
		switch config.Name {
		case rootSecret:
			roots := cmp.Or(config.Secret.Validation.Roots, config.Secret.Combined.Default.Roots)
			certificates, err := decode(roots, parseCertificates)
			if err != nil {
				return held{}, malformed(rootSecret + ": " + err.Error())
			}
			found.roots = certificates
		case ownSecret:
			chain, err := decode(config.Secret.Own.Chain, parseChain)
			if err != nil {
				return held{}, malformed(ownSecret + ": " + err.Error())
			}
			if len(chain) > 0 {
				found.own = &chain[0]
			}
		}
	}
	return found, nil
}

// decode reads certificates where there are any.
func decode(source dataSource, parse func([]byte) ([]Certificate, error)) ([]Certificate, error) {
	if source == (dataSource{}) {
		return nil, nil
	}
	content, err := source.content()
	if err != nil {
		return nil, errors.New("it is not base64")
	}
	return parse(content)
}
