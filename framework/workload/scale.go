package workload

import (
	"context"
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Scaling says which HelloWorld gets how many replicas.
type Scaling struct {
	// Namespace; empty means DefaultNamespace.
	Namespace string
	Version   string
	Replicas  int32
}

// Scale sets the number of HelloWorld replicas of a version on a cluster and
// waits until exactly that many run and are available: with zero, until the
// last pod is gone.
func Scale(ctx context.Context, cluster *fleet.Cluster, scaling Scaling, bounds kube.Bounds) error {
	namespace := Options{Namespace: scaling.Namespace}.namespace()
	err := cluster.Client.ScaleDeployment(ctx, kube.Deployment{Namespace: namespace, Name: Deployment(scaling.Version)}, scaling.Replicas, bounds)
	if err != nil {
		return fmt.Errorf("scale helloworld %s to %d: %w", scaling.Version, scaling.Replicas, err)
	}
	return nil
}
