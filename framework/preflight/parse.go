package preflight

import (
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
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
		caProvider: config.DefaultConfig.ProxyMetadata[names.EnvCAProvider],
	}, nil
}
