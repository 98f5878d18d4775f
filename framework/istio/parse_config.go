package istio

import (
	"encoding/json"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// parseMeshConfig reads what matters of istiod's mesh configuration; the rest may be
// anything, and is not repeated in errors.
func parseMeshConfig(revision string, created time.Time, document string) (MeshConfig, error) {
	var config struct {
		TrustDomain                    string                 `json:"trustDomain"`
		TrustDomainAliases             []string               `json:"trustDomainAliases"`
		RootNamespace                  string                 `json:"rootNamespace"`
		DiscoverySelectors             []metav1.LabelSelector `json:"discoverySelectors"`
		DefaultServiceExportTo         []string               `json:"defaultServiceExportTo"`
		DefaultDestinationRuleExportTo []string               `json:"defaultDestinationRuleExportTo"`
		DefaultVirtualServiceExportTo  []string               `json:"defaultVirtualServiceExportTo"`
		DefaultConfig                  struct {
			// Its values are strings to istiod, and to nobody's YAML: "true" is often not quoted.
			ProxyMetadata map[string]any `json:"proxyMetadata"`
		} `json:"defaultConfig"`
	}
	if err := yaml.Unmarshal([]byte(document), &config); err != nil {
		return MeshConfig{}, errors.New("the mesh configuration is not what Istio takes")
	}
	provider, _ := config.DefaultConfig.ProxyMetadata[names.EnvCAProvider].(string)
	mesh := MeshConfig{
		Revision: revision, Created: created, TrustDomain: config.TrustDomain, Aliases: config.TrustDomainAliases,
		CAProvider: provider, RootNamespace: config.RootNamespace,
		DefaultServiceExportTo:         config.DefaultServiceExportTo,
		DefaultDestinationRuleExportTo: config.DefaultDestinationRuleExportTo,
		DefaultVirtualServiceExportTo:  config.DefaultVirtualServiceExportTo,
	}
	for _, selector := range config.DiscoverySelectors {
		mesh.DiscoverySelectors = append(mesh.DiscoverySelectors, LabelSelector{selector})
	}
	return mesh, nil
}

// parseInjector reads the values that the injector's templates use.
func parseInjector(revision string, _ time.Time, document string) (Injector, error) {
	var values struct {
		Global struct {
			Network           string `json:"network"`
			MeshID            string `json:"meshID"`
			PilotCertProvider string `json:"pilotCertProvider"`
			MultiCluster      struct {
				ClusterName string `json:"clusterName"`
			} `json:"multiCluster"`
		} `json:"global"`
	}
	if err := json.Unmarshal([]byte(document), &values); err != nil {
		return Injector{}, errors.New("its values are not what Istio writes")
	}
	global := values.Global
	return Injector{
		Revision: revision, Network: global.Network, Cluster: global.MultiCluster.ClusterName,
		MeshID: global.MeshID, CertProvider: global.PilotCertProvider,
	}, nil
}
