package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/eastwest-mesh/eastwest/lab"
)

// The topologies.
const (
	multiPrimary  = "multi-primary"
	primaryRemote = "primary-remote"
	flat          = "flat"
	istioCI       = "istio-ci"
)

// shapes are the labs of the topologies.
func shapes() map[string]lab.Options {
	return map[string]lab.Options{
		// Two networks, a control plane in each cluster.
		multiPrimary: {Clusters: 2},
		// Two networks, one control plane.
		primaryRemote: {Clusters: 2, Primaries: map[string]string{"cluster2": "cluster1"}},
		// One network: pods reach each other without gateways.
		flat: {Clusters: 2, Networks: map[string]string{"cluster2": "network1"}},
		// As Istio's prow/config/topology/multicluster.json: a primary and its remote on one
		// network, and a primary on another.
		istioCI: {
			Clusters: 3, Networks: map[string]string{"cluster2": "network1"},
			Primaries: map[string]string{"cluster2": "cluster1"},
		},
	}
}

func topologyNames() []string { return slices.Sorted(maps.Keys(shapes())) }

// shape is the lab of a topology.
func shape(topology string) (lab.Options, error) {
	o, ok := shapes()[topology]
	if !ok {
		return o, fmt.Errorf("--topology: there is no %q; want one of %v", topology, topologyNames())
	}
	return o, nil
}

// member is a cluster as Istio's test framework reads it
// (pkg/test/framework/config/cluster.go).
type member struct {
	Kind    string         `json:"kind"`
	Name    string         `json:"clusterName"`
	Network string         `json:"network"`
	Primary string         `json:"primaryClusterName,omitempty"`
	Meta    map[string]any `json:"meta"`
}

// members describes the first n clusters of a lab; kubeconfig gives the file of each.
func members(clusters []lab.Cluster, n int, kubeconfig func(cluster string) string) []member {
	var all []member
	for _, c := range clusters[:n] {
		all = append(all, member{
			Kind: "Kubernetes", Name: c.Name, Network: c.Network, Primary: c.Primary,
			Meta: map[string]any{"kubeconfig": kubeconfig(c.Name), "fakeVM": false},
		})
	}
	return all
}

// writeTopology writes the file for suites that see n clusters.
func writeTopology(l *lab.Lab, dir string, n int) (string, error) {
	data, err := json.MarshalIndent(members(l.State.Clusters, n, l.InsideKubeconfigOf), "", "  ")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, fmt.Sprintf("topology-%d.json", n))
	return file, os.WriteFile(file, data, 0o600)
}
