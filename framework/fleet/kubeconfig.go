package fleet

import (
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// writeMinimal writes a kubeconfig with the one context of spec, named as the
// cluster, readable by its owner only. One context a file leaves no room for
// the guide's confusion of --kubeconfig and --context, and asmcli, which names
// remote secrets after the context, then names them after the cluster.
func writeMinimal(spec ClusterSpec, path string) error {
	config, err := clientcmd.LoadFromFile(spec.Kubeconfig)
	if err != nil {
		return fmt.Errorf("read kubeconfig %s: %w", spec.Kubeconfig, err)
	}
	// Paths in a kubeconfig are relative to its own folder, which the copy leaves.
	if err := clientcmd.ResolveLocalPaths(config); err != nil {
		return fmt.Errorf("kubeconfig %s: %w", spec.Kubeconfig, err)
	}
	minimal, err := minimize(config, spec)
	if err != nil {
		return fmt.Errorf("kubeconfig %s: %w", spec.Kubeconfig, err)
	}
	content, err := clientcmd.Write(*minimal)
	if err != nil {
		return fmt.Errorf("kubeconfig %s: %w", spec.Kubeconfig, err)
	}
	return os.WriteFile(path, content, 0o600)
}

func minimize(config *api.Config, spec ClusterSpec) (*api.Config, error) {
	wanted := spec.Context
	if wanted == "" {
		wanted = config.CurrentContext
	}
	context, ok := config.Contexts[wanted]
	if !ok {
		return nil, fmt.Errorf("has no context %q", wanted)
	}
	cluster, ok := config.Clusters[context.Cluster]
	if !ok {
		return nil, fmt.Errorf("context %q names cluster %q, which the file does not have", wanted, context.Cluster)
	}
	user, ok := config.AuthInfos[context.AuthInfo]
	if !ok {
		return nil, fmt.Errorf("context %q names user %q, which the file does not have", wanted, context.AuthInfo)
	}
	minimal := api.NewConfig()
	minimal.Clusters[spec.Name] = cluster
	minimal.AuthInfos[spec.Name] = user
	minimal.Contexts[spec.Name] = &api.Context{Cluster: spec.Name, AuthInfo: spec.Name, Namespace: context.Namespace}
	minimal.CurrentContext = spec.Name
	// Certificates go into the copy, so that it is all that a tool needs.
	if err := api.FlattenConfig(minimal); err != nil {
		return nil, err
	}
	return minimal, nil
}
