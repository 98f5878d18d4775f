package lab

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/internal/topology"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// Options say what lab is wanted. The zero value is a lab of two clusters.
type Options struct {
	// Name tells labs apart; one lab of a name runs at a time. Empty means "default".
	Name string
	// Clusters is how many clusters are made; 0 means 2.
	Clusters int
	// Networks puts clusters on networks, by name; each of the others has one of its own.
	// Pods of clusters on one network reach each other.
	Networks map[string]string
	// Primaries say, by the name of a cluster, whose control plane serves it; one that is
	// not named has its own. The lab only remembers it for whoever sets up a mesh.
	Primaries map[string]string
	// Cache keeps what is built and the running lab's files; empty means parts.DefaultCache.
	Cache string
	// Executable is an eastwest binary, which becomes the processes of the
	// sandbox; empty means the running one, or, where the running program is another (a
	// test, for example), one that go builds in the working directory.
	Executable string
	// Envoy is the path of the proxies' program; empty means upstream's Envoy, as
	// package envoy pins it.
	Envoy string
	// Istio is the version that a mesh is made of, one of parts.IstioVersions; empty means
	// parts.HeadIstio.
	Istio string
	// TrustDomain is the mesh's; empty means Istio's default, cluster.local. The lab only
	// remembers it for whoever sets up a mesh.
	TrustDomain string
	// Balancing is what the load balancers are like; it can be changed while the
	// lab runs, see Lab.SetBalancing. The zero value gives an address at once.
	Balancing loadbalancer.Traits
	// Images are images that the lab serves beside its own.
	Images []images.Extra
	// Audit makes every API server keep an audit log, see Cluster.AuditLog.
	Audit bool
	// Progress takes lines for a person; nil means none.
	Progress io.Writer
}

// DefaultName is the name of the lab where none is given.
const DefaultName = "default"

const defaultClusters = 2

func (o Options) withDefaults() (Options, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if o.Clusters == 0 {
		o.Clusters = defaultClusters
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if _, err := o.topology(); err != nil {
		return o, fmt.Errorf("lab %q: %w", o.Name, err)
	}
	if err := errors.Join(o.Balancing.Validate(), o.checkIstio()); err != nil {
		return o, fmt.Errorf("lab %q: %w", o.Name, err)
	}
	if o.Cache == "" {
		cache, err := parts.DefaultCache()
		if err != nil {
			return o, err
		}
		o.Cache = cache
	}
	return o, nil
}

// MaxClusters is how many clusters the addresses of a lab have room for.
const MaxClusters = topology.MaxClusters

// Plan is a cluster that a lab will have, as far as that is known before it is made.
type Plan struct {
	Name, Network string
	// Server is the URL by which other clusters reach its API server.
	Server string
}

// Plans lists the clusters that a lab of n would have.
func Plans(n int) ([]Plan, error) {
	clusters, err := topology.Clusters(n)
	if err != nil {
		return nil, err
	}
	plans := make([]Plan, 0, n)
	for _, c := range clusters {
		plans = append(plans, Plan{Name: c.Name(), Network: c.Network(), Server: c.Server()})
	}
	return plans, nil
}

// topology lays the clusters out, or tells everything that is wrong with what is asked for.
func (o Options) topology() ([]topology.Cluster, error) {
	clusters, err := topology.Clusters(o.Clusters)
	if err != nil {
		return nil, err
	}
	clusters, err = topology.Join(clusters, o.Networks)
	return clusters, errors.Join(err, checkPrimaries(clusters, o.Primaries))
}

// checkPrimaries refuses control planes that could not be: each cluster is served by its own,
// or by that of a cluster that has one.
func checkPrimaries(clusters []topology.Cluster, primaries map[string]string) error {
	known := func(name string) bool {
		return slices.ContainsFunc(clusters, func(c topology.Cluster) bool { return c.Name() == name })
	}
	var errs []error
	for _, cluster := range slices.Sorted(maps.Keys(primaries)) {
		primary := primaries[cluster]
		for _, name := range []string{cluster, primary} {
			if !known(name) {
				errs = append(errs, fmt.Errorf("primary %s of %s: there is no %q; the clusters are cluster1 to cluster%d", primary, cluster, name, len(clusters)))
			}
		}
		switch {
		case primary == cluster:
			errs = append(errs, fmt.Errorf("primary %s of %s: want another cluster; one that is not named has a control plane of its own", primary, cluster))
		case primaries[primary] != "":
			errs = append(errs, fmt.Errorf("primary %s of %s: want a cluster with a control plane of its own, and that of %s is in %s", primary, cluster, primary, primaries[primary]))
		}
	}
	return errors.Join(errs...)
}

// checkIstio refuses an Istio that is not pinned, and a trust domain that no certificate can
// have.
func (o Options) checkIstio() error {
	var errs []error
	if o.Istio != "" && !slices.Contains(parts.IstioVersions(), o.Istio) {
		errs = append(errs, fmt.Errorf("no Istio %q: want one of %s", o.Istio, strings.Join(parts.IstioVersions(), ", ")))
	}
	if problems := validation.IsDNS1123Subdomain(o.TrustDomain); o.TrustDomain != "" && len(problems) > 0 {
		errs = append(errs, fmt.Errorf("trust domain %q: want a domain name such as lab.example", o.TrustDomain))
	}
	return errors.Join(errs...)
}

// Check tells everything that is wrong with what is asked for, before anything is made.
func (o Options) Check() error {
	_, err := o.withDefaults()
	return err
}

// parts are the options of what a lab is made of.
func (o Options) parts() parts.Options {
	return parts.Options{Cache: o.Cache, Envoy: o.Envoy, Istio: o.Istio, Progress: progress(o.Progress).parts}
}

// folders are where the host keeps a lab.
type folders struct{ base, name string }

func (o Options) folders() folders {
	return folders{base: filepath.Join(o.Cache, "labs"), name: o.Name}
}

// cache is the folder that Options.Cache named.
func (f folders) cache() string { return filepath.Dir(f.base) }

func (f folders) dir() string     { return filepath.Join(f.base, f.name) }
func (f folders) state() string   { return filepath.Join(f.dir(), "state.json") }
func (f folders) spec() string    { return filepath.Join(f.dir(), "supervisor.json") }
func (f folders) control() string { return filepath.Join(f.dir(), "control.sock") }
func (f folders) log() string     { return filepath.Join(f.dir(), "lab.log") }

// lock is beside the lab's folder, which comes and goes.
func (f folders) lock() string { return f.dir() + ".lock" }

func (f folders) kubeconfig(cluster string) string {
	return filepath.Join(f.dir(), "kubeconfig", cluster+".yaml")
}

func (f folders) node(cluster string) string { return filepath.Join(f.dir(), cluster) }

// cgroupPath is the lab's cgroup below the root of each hierarchy.
func (f folders) cgroupPath() string { return "/eastwest/" + f.name }

func (f folders) make() error {
	if err := os.MkdirAll(f.dir(), 0o755); err != nil {
		return fmt.Errorf("make the lab's folder: %w", err)
	}
	return nil
}
