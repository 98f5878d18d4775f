package kind

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/e2e-framework/klient"
	"sigs.k8s.io/e2e-framework/klient/conf"
	"sigs.k8s.io/e2e-framework/support"
)

// Provider is a group of kind clusters as a cluster provider of e2e-framework,
// which asks for one kubeconfig: that of the first cluster. Group has the rest.
type Provider struct {
	options Options
	group   *Group
}

var _ support.E2EClusterProvider = (*Provider)(nil)

// errNotMade says that Create has not been called, or has failed.
var errNotMade = errors.New("there are no kind clusters yet; call Create first")

// NewProvider returns a provider of clusters that are not made yet.
func NewProvider(o Options) *Provider { return &Provider{options: o} }

// Group is what Create has made, nil before.
func (p *Provider) Group() *Group { return p.group }

// WithName implements support.E2EClusterProvider. It changes nothing: names
// carry an ID, so that no other cluster can have them.
func (p *Provider) WithName(string) support.E2EClusterProvider { return p }

// WithVersion implements support.E2EClusterProvider. It changes nothing: the
// version is that of the node image.
func (p *Provider) WithVersion(string) support.E2EClusterProvider { return p }

// WithPath implements support.E2EClusterProvider. It changes nothing: kind is a
// library here.
func (p *Provider) WithPath(string) support.E2EClusterProvider { return p }

// WithOpts implements support.E2EClusterProvider.
func (p *Provider) WithOpts(opts ...support.ClusterOpts) support.E2EClusterProvider {
	for _, o := range opts {
		o(p)
	}
	return p
}

// SetDefaults implements support.E2EClusterProvider.
func (p *Provider) SetDefaults() support.E2EClusterProvider { return p }

// Create implements support.E2EClusterProvider. It takes no arguments.
func (p *Provider) Create(ctx context.Context, args ...string) (string, error) {
	if len(args) > 0 {
		return "", fmt.Errorf("kind clusters take no arguments but those of NewProvider, not %q", strings.Join(args, " "))
	}
	group, err := Up(ctx, p.options)
	if err != nil {
		return "", err
	}
	p.group = group
	return p.GetKubeconfig(), nil
}

// CreateWithConfig implements support.E2EClusterProvider: the configuration
// follows from the cluster's number.
func (p *Provider) CreateWithConfig(context.Context, string) (string, error) {
	return "", errors.New("kind clusters take no configuration file; use NewProvider with options")
}

// GetKubeconfig implements support.E2EClusterProvider; it is empty before Create.
func (p *Provider) GetKubeconfig() string {
	if p.group == nil {
		return ""
	}
	return p.group.Clusters[0].Kubeconfig
}

// GenerateKubeconfig implements support.E2EClusterProvider.
func (p *Provider) GenerateKubeconfig(...string) (string, error) {
	if p.group == nil {
		return "", errNotMade
	}
	return p.GetKubeconfig(), nil
}

// GetKubectlContext implements support.E2EClusterProvider; it is empty before Create.
func (p *Provider) GetKubectlContext() string {
	if p.group == nil {
		return ""
	}
	return p.group.Clusters[0].Context()
}

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

// ExportLogs implements support.E2EClusterProvider.
func (p *Provider) ExportLogs(_ context.Context, dest string) error {
	if p.group == nil {
		return errNotMade
	}
	return p.group.ExportLogs(dest)
}

// Destroy implements support.E2EClusterProvider.
func (p *Provider) Destroy(ctx context.Context) error {
	if p.group == nil {
		return nil
	}
	group := p.group
	p.group = nil
	return group.Remove(ctx)
}
