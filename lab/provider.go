package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/e2e-framework/klient"
	"sigs.k8s.io/e2e-framework/klient/conf"
	"sigs.k8s.io/e2e-framework/support"
)

// Provider is a lab as a cluster provider of e2e-framework. One provider is
// one lab: all its clusters are in one kubeconfig, whose contexts are the
// clusters' names.
type Provider struct {
	options Options
	context string
	lab     *Lab
}

var _ support.E2EClusterProvider = (*Provider)(nil)

// NewProvider returns a provider of a lab that is not up yet.
func NewProvider(o Options) *Provider { return &Provider{options: o, context: "cluster1"} }

// WithClusters sets how many clusters the lab has; for WithOpts.
func WithClusters(n int) support.ClusterOpts {
	return func(p support.E2EClusterProvider) {
		if lp, ok := p.(*Provider); ok {
			lp.options.Clusters = n
		}
	}
}

// WithName implements support.E2EClusterProvider: it is the lab's name.
func (p *Provider) WithName(name string) support.E2EClusterProvider {
	p.options.Name = name
	return p
}

// WithVersion implements support.E2EClusterProvider. It changes nothing: the
// version is always that of the lab's parts.
func (p *Provider) WithVersion(string) support.E2EClusterProvider { return p }

// WithPath implements support.E2EClusterProvider: the eastwest binary to use.
func (p *Provider) WithPath(path string) support.E2EClusterProvider {
	p.options.Executable = path
	return p
}

// WithOpts implements support.E2EClusterProvider.
func (p *Provider) WithOpts(opts ...support.ClusterOpts) support.E2EClusterProvider {
	for _, o := range opts {
		o(p)
	}
	return p
}

// SetDefaults implements support.E2EClusterProvider.
func (p *Provider) SetDefaults() support.E2EClusterProvider { return p }

// Create implements support.E2EClusterProvider. The only arguments it knows
// are "--clusters" and a number.
func (p *Provider) Create(ctx context.Context, args ...string) (string, error) {
	if err := p.parse(args); err != nil {
		return "", err
	}
	l, err := Up(ctx, p.options)
	if err != nil {
		return "", err
	}
	p.lab = l
	return l.Kubeconfig(), nil
}

func (p *Provider) parse(args []string) error {
	if len(args) == 0 {
		return nil
	}
	if len(args) != 2 || args[0] != "--clusters" {
		return fmt.Errorf("the lab takes no arguments but --clusters N, not %q", strings.Join(args, " "))
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("--clusters: %w", err)
	}
	p.options.Clusters = n
	return nil
}

// CreateWithConfig implements support.E2EClusterProvider: the lab has no configuration file.
func (p *Provider) CreateWithConfig(context.Context, string) (string, error) {
	return "", errors.New("the lab takes no configuration file; use WithOpts(lab.WithClusters(n))")
}

// GetKubeconfig implements support.E2EClusterProvider; it is empty before Create.
func (p *Provider) GetKubeconfig() string {
	if p.lab == nil {
		return ""
	}
	return p.lab.Kubeconfig()
}

// GenerateKubeconfig implements support.E2EClusterProvider.
func (p *Provider) GenerateKubeconfig(...string) (string, error) {
	if p.lab == nil {
		return "", ErrNotRunning
	}
	return p.lab.Kubeconfig(), nil
}

// GetKubectlContext implements support.E2EClusterProvider: the first cluster.
func (p *Provider) GetKubectlContext() string { return p.context }

// KubernetesRestConfig implements support.E2EClusterProvider.
func (p *Provider) KubernetesRestConfig() *rest.Config {
	cfg, err := conf.New(p.GetKubeconfig())
	if err != nil {
		return nil
	}
	return cfg
}

// WaitForControlPlane implements support.E2EClusterProvider: Create returns
// only when every cluster is ready.
func (p *Provider) WaitForControlPlane(context.Context, klient.Client) error { return nil }

// ExportLogs implements support.E2EClusterProvider: it copies the log of every
// part and pod to the folder dest.
func (p *Provider) ExportLogs(_ context.Context, dest string) error {
	if p.lab == nil {
		return ErrNotRunning
	}
	return p.lab.ExportLogs(dest)
}

// Destroy implements support.E2EClusterProvider.
func (p *Provider) Destroy(ctx context.Context) error {
	if p.lab == nil {
		return nil
	}
	return p.lab.Down(ctx)
}

// ExportLogs copies the lab's own log and those of every part and pod.
func (l *Lab) ExportLogs(dest string) error {
	if err := os.MkdirAll(dest, 0o755); err != nil {
		return err
	}
	data, err := os.ReadFile(l.f.log())
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dest, "lab.log"), data, 0o600); err != nil { //nolint:gosec // the folder of the reports, as its user named it
		return err
	}
	for _, c := range l.State.Clusters {
		if err := os.CopyFS(filepath.Join(dest, c.Name), os.DirFS(filepath.Join(l.f.node(c.Name), "logs"))); err != nil {
			return fmt.Errorf("export the logs of cluster %q: %w", c.Name, err)
		}
	}
	return nil
}
