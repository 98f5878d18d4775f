package faults

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eastwest-mesh/eastwest/lab"
)

// Fault is a way to break a mesh, on one cluster.
type Fault struct {
	Name string
	// Breaks says what a person would see to be wrong.
	Breaks string
	// Check is the ID of the check that has to find it; see "eastwest explain".
	Check string
	// Source is a public report of the like; empty where none is known.
	Source string
	steps  []step
}

// All is the table of faults, by name.
func All() []Fault {
	all := slices.Concat(
		accessFaults(), installFaults(), injectionFaults(), networkFaults(), gatewayFaults(),
		discoveryFaults(), trustFaults(), policyFaults(), routingFaults(), trafficFaults(),
	)
	slices.SortFunc(all, func(a, b Fault) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Find returns the fault of a name.
func Find(name string) (Fault, error) {
	for _, f := range All() {
		if f.Name == name {
			return f, nil
		}
	}
	return Fault{}, fmt.Errorf("there is no fault %q; \"eastwest lab break --help\" lists them", name)
}

// Break puts the fault into a cluster of the lab. It returns when the cause is
// in place; what follows from it in the mesh takes its own time.
func (f Fault) Break(ctx context.Context, l *lab.Lab, cluster string) error {
	t, err := f.target(l, cluster)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return fmt.Errorf("break %s on cluster %q: %w", f.Name, cluster, err)
	}
	for _, s := range f.steps {
		if err := s.do(ctx, t); err != nil {
			return fmt.Errorf("break %s on cluster %q: %w; \"eastwest lab mend %s --cluster %s\" takes back what was done", f.Name, cluster, err, f.Name, cluster)
		}
	}
	return nil
}

// Mend takes the fault out again: every object becomes what it was, then the programs
// that must start again for that do. It may be repeated.
func (f Fault) Mend(ctx context.Context, l *lab.Lab, cluster string) error {
	t, err := f.target(l, cluster)
	if err == nil {
		err = f.mend(ctx, t)
	}
	if err != nil {
		return fmt.Errorf("mend %s on cluster %q: %w", f.Name, cluster, err)
	}
	return nil
}

func (f Fault) mend(ctx context.Context, t *target) error {
	if err := t.recall(); err != nil {
		return err
	}
	if err := t.restoreAll(ctx); err != nil {
		return err
	}
	for _, s := range f.steps {
		if s.undo == nil {
			continue
		}
		if err := s.undo(ctx, t); err != nil {
			return err
		}
	}
	return t.forget()
}

// target is the cluster that a fault is put into.
type target struct {
	lab     *lab.Lab
	cluster string
	fault   string
	// kept are the objects as they were, in the order in which they were touched.
	kept    []kept
	kube    kubernetes.Interface
	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

func (f Fault) target(l *lab.Lab, cluster string) (*target, error) {
	t := &target{lab: l, cluster: cluster, fault: f.Name}
	cfg, err := t.config()
	if err != nil {
		return nil, err
	}
	if t.kube, err = kubernetes.NewForConfig(cfg); err != nil {
		return nil, err
	}
	if t.dynamic, err = dynamic.NewForConfig(cfg); err != nil {
		return nil, err
	}
	client, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		return nil, err
	}
	t.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
	return t, nil
}

func (t *target) config() (*rest.Config, error) {
	var names []string
	for _, c := range t.lab.State.Clusters {
		names = append(names, c.Name)
		if c.Name != t.cluster {
			continue
		}
		cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("read the kubeconfig of cluster %q: %w", t.cluster, err)
		}
		cfg.UserAgent = "eastwest/lab-faults"
		return cfg, nil
	}
	return nil, fmt.Errorf("the lab has no cluster %q; it has %s", t.cluster, strings.Join(names, ", "))
}
