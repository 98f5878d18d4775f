package faults

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
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
	apply action
	mend  action
}

// All is the table of faults, by name.
func All() []Fault {
	return []Fault{
		{"address", "the east-west gateway loses its external address", "EW0409", withholdAddress, giveAddress},
		{"apiserver", "the API server refuses connections", "EW0101", refuseAPI, admitAPI},
		{"apiserver-hangs", "the API server takes connections and never answers", "EW0101", freezing("kube-apiserver"), thawing("kube-apiserver")},
		{"exposure", "the Gateway that exposes the services is deleted", "EW0416", deleteExposure, restoreExposure},
		{"istiod", "istiod is scaled to nothing", "EW0201", stopIstiod, startIstiod},
		{"kubelet", "the node's kubelet does not answer: nothing can be run in pods", "EW0103", freezing("kubelet"), thawing("kubelet")},
		{"link", "the cluster's link to the other clusters is cut", "EW0101", cutLink, mendLink},
		{"name", "the host name of the east-west gateway does not resolve", "EW0412", hideName, showName},
		{"network-label", "the network label of istio-system names another network", "EW0402", skewLabel, restoreLabel},
		{"remote-secret", "the remote secrets that istiod reads are deleted", "EW0501", deleteSecrets, restoreSecrets},
		{"root", "the cluster's certificates come from another root", "EW0601", changeRoot, restoreRoot},
		{"telemetry", "the proxies reject their configuration: a Telemetry asks for a filter that only Istio's own Envoy has", "EW0309", askForStats, askNoMore},
		{"zone", "one of the addresses behind the gateway's host name swallows every packet", "EW0415", silenceZone, unsilenceZone},
	}
}

// Find returns the fault of a name.
func Find(name string) (Fault, error) {
	var names []string
	for _, f := range All() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Fault{}, fmt.Errorf("there is no fault %q; choose one of %s", name, strings.Join(names, ", "))
}

// Break puts the fault into a cluster of the lab. It returns when the cause is
// in place; what follows from it in the mesh takes its own time.
func (f Fault) Break(ctx context.Context, l *lab.Lab, cluster string) error {
	return f.do(ctx, l, cluster, "break", f.apply)
}

// Mend takes the fault out again.
func (f Fault) Mend(ctx context.Context, l *lab.Lab, cluster string) error {
	return f.do(ctx, l, cluster, "mend", f.mend)
}

func (f Fault) do(ctx context.Context, l *lab.Lab, cluster, verb string, do action) error {
	t, err := newTarget(l, cluster)
	if err != nil {
		return err
	}
	t.fault = f.Name
	if err := do(ctx, t); err != nil {
		return fmt.Errorf("%s %s on cluster %q: %w", verb, f.Name, cluster, err)
	}
	return nil
}

// target is the cluster that a fault is put into.
type target struct {
	lab     *lab.Lab
	cluster string
	fault   string
	kube    kubernetes.Interface
	dynamic dynamic.Interface
}

func newTarget(l *lab.Lab, cluster string) (*target, error) {
	var names []string
	for _, c := range l.State.Clusters {
		names = append(names, c.Name)
		if c.Name != cluster {
			continue
		}
		cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("read the kubeconfig of cluster %q: %w", cluster, err)
		}
		cfg.UserAgent = "eastwest/lab-faults"
		t := &target{lab: l, cluster: cluster}
		if t.kube, err = kubernetes.NewForConfig(cfg); err != nil {
			return nil, err
		}
		t.dynamic, err = dynamic.NewForConfig(cfg)
		return t, err
	}
	return nil, fmt.Errorf("the lab has no cluster %q; it has %s", cluster, strings.Join(names, ", "))
}
