package lab

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
)

// Kubeconfig is the path of one kubeconfig with a context for each cluster,
// named as the cluster; the current context is the first cluster's.
func (l *Lab) Kubeconfig() string { return l.f.kubeconfig("lab") }

// InsideKubeconfig is the path of the same for programs on the network between
// the clusters (see Exec): its servers are the nodes' own addresses.
func (l *Lab) InsideKubeconfig() string { return l.f.kubeconfig(insideName) }

// InsideKubeconfigOf is the path of the same with one cluster only.
func (l *Lab) InsideKubeconfigOf(cluster string) string { return l.f.kubeconfig(insideNameOf(cluster)) }

// insideName is the kubeconfig for programs on the network between the clusters.
const insideName = "inside"

// mergeKubeconfigs writes the kubeconfigs of the whole lab: for the host, and
// for programs on the network between the clusters.
func mergeKubeconfigs(f folders, clusters []Cluster) error {
	rules := &clientcmd.ClientConfigLoadingRules{}
	for _, c := range clusters {
		rules.Precedence = append(rules.Precedence, c.Kubeconfig)
	}
	all, err := rules.Load()
	if err != nil {
		return fmt.Errorf("read the clusters' kubeconfigs: %w", err)
	}
	all.CurrentContext = clusters[0].Name
	if err := clientcmd.WriteToFile(*all, f.kubeconfig("lab")); err != nil {
		return fmt.Errorf("write the lab's kubeconfig: %w", err)
	}
	for _, c := range clusters {
		if err := writeInside(f, c); err != nil {
			return err
		}
		all.Clusters[c.Name].Server = c.Server
	}
	if err := clientcmd.WriteToFile(*all, f.kubeconfig(insideName)); err != nil {
		return fmt.Errorf("write the lab's kubeconfig for its own network: %w", err)
	}
	return nil
}

// insideNameOf is the kubeconfig of one cluster for the same programs.
func insideNameOf(cluster string) string { return insideName + "-" + cluster }

func writeInside(f folders, c Cluster) error {
	config, err := clientcmd.LoadFromFile(c.Kubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig of %s: %w", c.Name, err)
	}
	config.Clusters[c.Name].Server = c.Server
	if err := clientcmd.WriteToFile(*config, f.kubeconfig(insideNameOf(c.Name))); err != nil {
		return fmt.Errorf("write the kubeconfig of %s for the lab's own network: %w", c.Name, err)
	}
	return nil
}
