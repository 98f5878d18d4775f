package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Cluster is one connected member of a fleet.
type Cluster struct {
	ClusterSpec
	// Version is the HelloWorld version that runs here: v1..vN in the order of the specs.
	Version string
	// Client talks to the cluster.
	Client *kube.Client
	// Minimal is the path of a kubeconfig with one context, named as the
	// cluster; it is what istioctl and kubectl are given. It is removed by Close.
	Minimal string
	// UID identifies the cluster: the UID of its kube-system namespace.
	UID types.UID
	// Unreachable says why the cluster could not be asked who it is; only in a fleet that
	// was connected with Options.Tolerate.
	Unreachable error
	// KubernetesVersion is what the API server says, such as "v1.36.1".
	KubernetesVersion string
}

// Options configure a fleet.
type Options struct {
	// Recorder hears of every wait; nil means nobody.
	Recorder kube.Recorder
	// UserAgent goes into the clusters' audit logs behind "eastwest/".
	UserAgent string
	// Bounds for connecting; the zero value means kube.DefaultBounds.
	Bounds kube.Bounds
	// Tolerate keeps clusters that cannot be reached, and those that are there twice, so
	// that a fleet can be looked at as it is.
	Tolerate bool
	// TempDir is where the folder of minimal kubeconfigs is made, itself made
	// if it is not there; empty means os.TempDir.
	TempDir string
}

// Fleet is the clusters of a run, in the order of their specs.
type Fleet struct {
	Clusters []*Cluster
	Bounds   kube.Bounds

	dir string
}

// Connect reaches every cluster of the specs in parallel, identifies it and
// writes its minimal kubeconfig. It refuses a fleet in which one cluster
// appears twice, and tells the problems of all clusters together. The caller
// must Close the fleet.
func Connect(ctx context.Context, specs []ClusterSpec, opts Options) (*Fleet, error) {
	if err := Validate(specs); err != nil {
		return nil, err
	}
	if opts.Bounds == (kube.Bounds{}) {
		opts.Bounds = kube.DefaultBounds()
	}
	if err := makeTempDir(opts.TempDir); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(opts.TempDir, "eastwest-fleet-")
	if err != nil {
		return nil, fmt.Errorf("fleet: make a folder for kubeconfigs: %w", err)
	}
	f := &Fleet{dir: dir, Bounds: opts.Bounds}
	for i, spec := range specs {
		f.Clusters = append(f.Clusters, &Cluster{ClusterSpec: spec, Version: Version(i)})
	}
	if err := f.connect(ctx, opts); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func makeTempDir(dir string) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("fleet: make a folder for kubeconfigs: %w", err)
	}
	return nil
}

func (f *Fleet) connect(ctx context.Context, opts Options) error {
	err := f.ForEach(ctx, func(ctx context.Context, c *Cluster) error {
		err := c.connect(ctx, f.dir, opts)
		if err != nil && opts.Tolerate && c.Client != nil {
			c.Unreachable, err = err, nil
		}
		return err
	})
	if err != nil || opts.Tolerate {
		return err
	}
	return f.refuseDuplicates()
}

// Close removes the minimal kubeconfigs.
func (f *Fleet) Close() error {
	if err := os.RemoveAll(f.dir); err != nil {
		return fmt.Errorf("fleet: remove kubeconfigs: %w", err)
	}
	return nil
}

// Clients lists the clusters' clients, in the fleet's order.
func (f *Fleet) Clients() []*kube.Client {
	clients := make([]*kube.Client, 0, len(f.Clusters))
	for _, cluster := range f.Clusters {
		clients = append(clients, cluster.Client)
	}
	return clients
}

// ForEach calls do for every cluster in parallel and waits for all. The errors
// are joined in the order of the clusters' names.
func (f *Fleet) ForEach(ctx context.Context, do func(context.Context, *Cluster) error) error {
	errs := make([]error, len(f.Clusters))
	var group sync.WaitGroup
	for i, cluster := range f.Clusters {
		group.Go(func() { errs[i] = do(ctx, cluster) })
	}
	group.Wait()
	order := make([]int, len(f.Clusters))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(a, b int) bool { return f.Clusters[order[a]].Name < f.Clusters[order[b]].Name })
	sorted := make([]error, len(errs))
	for to, from := range order {
		sorted[to] = errs[from]
	}
	return errors.Join(sorted...)
}

// Cluster returns the cluster of that name, or nil.
func (f *Fleet) Cluster(name string) *Cluster {
	for _, cluster := range f.Clusters {
		if cluster.Name == name {
			return cluster
		}
	}
	return nil
}

// Others returns all clusters but one, in the fleet's order.
func (f *Fleet) Others(than *Cluster) []*Cluster {
	return slices.DeleteFunc(slices.Clone(f.Clusters), func(c *Cluster) bool { return c == than })
}

// Specs describe the clusters as they are known by now, in the fleet's order.
func (f *Fleet) Specs() []ClusterSpec {
	specs := make([]ClusterSpec, 0, len(f.Clusters))
	for _, cluster := range f.Clusters {
		specs = append(specs, cluster.ClusterSpec)
	}
	return specs
}

// refuseDuplicates finds two specs that lead to one cluster: a mesh of it with
// itself would pass every check.
func (f *Fleet) refuseDuplicates() error {
	var errs []error
	first := make(map[types.UID]string, len(f.Clusters))
	for _, cluster := range f.Clusters {
		if other, ok := first[cluster.UID]; ok && cluster.UID != "" {
			errs = append(errs, fmt.Errorf("fleet: clusters %q and %q are the same cluster (kube-system has UID %s in both); give each its own kubeconfig and context", other, cluster.Name, cluster.UID))
			continue
		}
		first[cluster.UID] = cluster.Name
	}
	return errors.Join(errs...)
}
