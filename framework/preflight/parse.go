package preflight

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"
)

// parseMesh reads what matters of istiod's mesh configuration; the rest may be
// anything.
func parseMesh(document string) (meshConfig, error) {
	var config struct {
		TrustDomain        string   `json:"trustDomain"`
		TrustDomainAliases []string `json:"trustDomainAliases"`
		DefaultConfig      struct {
			ProxyMetadata map[string]string `json:"proxyMetadata"`
		} `json:"defaultConfig"`
	}
	if err := yaml.Unmarshal([]byte(document), &config); err != nil {
		return meshConfig{}, fmt.Errorf("read the mesh configuration: %w", err)
	}
	return meshConfig{
		trustDomain: config.TrustDomain, trustDomainAliases: config.TrustDomainAliases,
		caProvider: config.DefaultConfig.ProxyMetadata["CA_PROVIDER"],
	}, nil
}

// fingerprints are SHA-256 of the certificates of a bundle, in hex, ordered.
func fingerprints(bundle string) ([]string, error) {
	var prints []string
	for rest := []byte(bundle); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fmt.Errorf("a root certificate cannot be read: %w", err)
		}
		sum := sha256.Sum256(block.Bytes)
		prints = append(prints, hex.EncodeToString(sum[:]))
	}
	if len(prints) == 0 {
		return nil, errors.New("there is no root certificate in ConfigMap " + rootConfigMap)
	}
	slices.Sort(prints)
	return slices.Compact(prints), nil
}
