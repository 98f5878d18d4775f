package scenarios

import (
	"context"
	"fmt"
	"sync"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/probe"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// Env is what scenarios run in: a fleet with the sample deployed.
type Env struct {
	Fleet *fleet.Fleet
	// Namespace is the sample's.
	Namespace string
	Images    fleet.Images
	Workload  fleet.Workload
	// Own says on whose behalf objects are made; its journal is the ledger.
	Own    kube.ApplyOptions
	Bounds kube.Bounds
	// ErrorProbability is the wanted probability that one statistical check
	// blames a sound mesh.
	ErrorProbability float64

	scenario Scenario
	record   *record
}

// record is what a scenario leaves behind for the report.
type record struct {
	mu      sync.Mutex
	samples []report.Sample // guarded by mu
	notes   []string        // guarded by mu
}

// during returns the environment of one scenario.
func (e *Env) during(s Scenario, r *record) *Env {
	own := *e
	own.scenario, own.record = s, r
	return &own
}

func (e *Env) keep(sample report.Sample) {
	e.record.mu.Lock()
	defer e.record.mu.Unlock()
	e.record.samples = append(e.record.samples, sample)
}

// note keeps a fact for the report that decides nothing.
func (e *Env) note(format string, args ...any) {
	e.record.mu.Lock()
	defer e.record.mu.Unlock()
	e.record.notes = append(e.record.notes, fmt.Sprintf(format, args...))
}

// versions are those of all clusters, in the fleet's order.
func (e *Env) versions() []string {
	var versions []string
	for _, cluster := range e.Fleet.Clusters {
		versions = append(versions, cluster.Version)
	}
	return versions
}

// batch is a batch of calls to HelloWorld that names the scenario in access logs.
func (e *Env) batch(count int) probe.Batch {
	return probe.Batch{URL: workload.URL(e.Namespace), Count: count, UserAgent: e.scenario.ID}
}

// sleep calls from the Sleep pod of a cluster, through its sidecar.
func (e *Env) sleep(cluster *fleet.Cluster) probe.From {
	return probe.From{Client: cluster.Client, Pick: func(ctx context.Context) (kube.Target, error) {
		pod, err := probe.ReadyPod(ctx, cluster.Client, e.Namespace, workload.SleepSelector)
		if err != nil {
			return kube.Target{}, err
		}
		return kube.Target{Namespace: e.Namespace, Pod: pod.Name, Container: workload.Sleep}, nil
	}}
}

// instances maps the name of each HelloWorld pod to the version it runs.
func (e *Env) instances(ctx context.Context) (map[string]string, error) {
	var mu sync.Mutex
	owners := map[string]string{} // guarded by mu
	err := e.Fleet.ForEach(ctx, func(ctx context.Context, cluster *fleet.Cluster) error {
		pods, err := probe.ReadyPods(ctx, cluster.Client, e.Namespace, workload.VersionSelector(cluster.Version))
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
