package lab

import (
	"fmt"

	"k8s.io/client-go/tools/clientcmd"
)

// Kubeconfig is the path of one kubeconfig with a context for each cluster,
// named as the cluster; the current context is the first cluster's.
func (l *Lab) Kubeconfig() string { return l.f.kubeconfig("lab") }

// mergeKubeconfigs writes the kubeconfig of the whole lab.
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
	return nil
}
