package topology

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Join puts clusters on networks, by their names; those that are not named keep a network
// of their own. It tells everything that is wrong at once.
func Join(clusters []Cluster, networks map[string]string) ([]Cluster, error) {
	joined := slices.Clone(clusters)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		network := networks[name]
		if !validNetwork(network) {
			errs = append(errs, fmt.Errorf("network %q of %s: want up to 63 letters, digits, dots, dashes and underscores, as in network1", network, name))
		}
		i := slices.IndexFunc(joined, func(c Cluster) bool { return c.Name() == name })
		if i < 0 {
			errs = append(errs, fmt.Errorf("network %q is for %q, and the clusters are cluster1 to cluster%d", network, name, len(clusters)))
			continue
		}
		joined[i].Joined = network
	}
	return joined, errors.Join(errs...)
}

// validNetwork is true for what a label may have as its value: the mesh knows a network by
// the label topology.istio.io/network.
func validNetwork(name string) bool {
	return len(name) <= 63 && regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`).MatchString(name)
}

// Neighbours are the other clusters on a cluster's network: their pods reach its pods.
func (c Cluster) Neighbours(all []Cluster) []Cluster {
	return slices.DeleteFunc(slices.Clone(all), func(o Cluster) bool { return o.Number == c.Number || o.Network() != c.Network() })
}
