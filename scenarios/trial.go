package scenarios

import (
	"context"
	"sync"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// versions are those of all clusters, in the fleet's order.
func (t trial) versions() []string {
	var versions []string
	for _, cluster := range t.Fleet.Clusters {
		versions = append(versions, cluster.Version)
	}
	return versions
}

// batch is a batch of calls to HelloWorld that names the scenario in access logs.
func (t trial) batch(count int) probe.Batch {
	return probe.Batch{URL: workload.URL(t.Namespace), Count: count, UserAgent: t.Scenario()}
}

// sleep calls from the Sleep pod of a cluster, through its sidecar.
func (t trial) sleep(cluster *fleet.Cluster) probe.From {
	return probe.From{Client: cluster.Client, Pick: func(ctx context.Context) (kube.Target, error) {
		pod, err := probe.ReadyPod(ctx, cluster.Client, t.Namespace, workload.SleepSelector)
		if err != nil {
			return kube.Target{}, err
		}
		return kube.Target{Namespace: t.Namespace, Pod: pod.Name, Container: workload.Sleep}, nil
	}}
}

// instances maps the name of each HelloWorld pod to the version it runs.
func (t trial) instances(ctx context.Context) (map[string]string, error) {
	var mu sync.Mutex
	owners := map[string]string{} // guarded by mu
	err := t.Fleet.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		pods, err := probe.ReadyPods(ctx, cluster.Client, t.Namespace, workload.VersionSelector(cluster.Version))
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, pod := range pods {
			owners[pod.Name] = cluster.Version
		}
		return nil
	})
	return owners, err
}
