package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Identity is which cluster a client reaches.
type Identity struct {
	// UID is that of the namespace kube-system, which lives as long as its cluster.
	UID types.UID
	// Version is Kubernetes' own, such as "v1.36.1".
	Version string
}

// Identity asks the API server who it is, and, once it has answered, never again.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	if known := c.identity.Load(); known != nil {
		return *known, nil
	}
	namespace, err := c.Kubernetes.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	if err != nil {
		return Identity{}, err
	}
	version, err := c.Kubernetes.Discovery().ServerVersion()
	if err != nil {
		return Identity{}, err
	}
	found := Identity{UID: namespace.UID, Version: version.GitVersion}
	c.identity.Store(&found)
	return found, nil
}
