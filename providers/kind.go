package providers

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/kind"
	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// KindImages says where the images of kind clusters come from. There is no
// falling back from one to the other: which proxy ran would be a matter of luck.
type KindImages string

// The sources of images.
const (
	// FromRegistry has the nodes and the engine pull upstream's own images, with
	// Istio's Envoy in the proxy's.
	FromRegistry KindImages = "registry"
	// BuiltHere builds them all here, as for the lab, with upstream's Envoy, and
	// needs no registry. Where KindOptions.Mirror is set that has them, under
	// upstream's names (providers/mirror), and nodes pull them.
	BuiltHere KindImages = "built"
)

// KindOptions say how kind clusters are made.
type KindOptions struct {
	Images KindImages
	// NodeImage replaces the image of the nodes; empty means kind's own with
	// FromRegistry, eastwest's with BuiltHere.
	NodeImage string
	// Mirror is as in kind.Nodes.
	Mirror string
	// Envoy is as in lab.Options; of use to BuiltHere without a Mirror.
	Envoy string
	// Logs is a folder for the nodes' logs of a run that failed; empty means that
	// they are lost. What it held before is removed.
	Logs string
	// Cache is as in lab.Options.
	Cache string
	// Progress takes lines for a person; nil means none.
	Progress io.Writer
}

// pulls is true where nodes get their images from a registry.
func (o KindOptions) pulls() bool { return o.Images == FromRegistry || o.Mirror != "" }

// Kind is kind clusters as an environment. They are made for one run.
type Kind struct {
	options KindOptions
	names   images.Names
	proxy   fleet.ProxyImage
	tools   fleet.Tools
	group   *kind.Group
}

var (
	_ fleet.Provider  = (*Kind)(nil)
	_ fleet.LogKeeper = (*Kind)(nil)
)

// NewKind returns clusters that Create makes.
func NewKind(o KindOptions) *Kind {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return &Kind{options: o, names: plannedKindNames(o), tools: fleet.Tools{Istioctl: "istioctl", Kubectl: "kubectl"}}
}

// upstreamTag is the release of Istio whose images fit the pinned istioctl: the
// newest of its line (1.31) when the parts were pinned.
const upstreamTag = "1.31.1"

// plannedKindNames are the images of a plan that is only read.
func plannedKindNames(o KindOptions) images.Names {
	if !o.pulls() {
		return plannedNames()
	}
	names := UpstreamNames()
	names.Hub, names.Sleep = upstreamHost+names.Hub, upstreamHost+names.Sleep
	return names
}

// upstreamHost is the registry of upstream's images.
const upstreamHost = "docker.io/"

// UpstreamNames are the images that are pulled with FromRegistry, without the
// registry's host.
func UpstreamNames() images.Names {
	return images.Names{Hub: parts.IstioHub, Tag: upstreamTag, Sleep: strings.TrimPrefix(fleet.UpstreamImages(1).Sleep, upstreamHost)}
}

// Name implements fleet.Provider.
func (p *Kind) Name() string { return "kind" }

// Create implements fleet.Provider.
func (p *Kind) Create(ctx context.Context, n int) ([]fleet.ClusterSpec, error) {
	// First of all, so that nobody waits for a build that could not be used.
	if err := kind.CheckEngine(ctx, n); err != nil {
		return nil, err
	}
	if p.options.Logs != "" {
		if err := os.RemoveAll(p.options.Logs); err != nil {
			return nil, fmt.Errorf("clear the folder for nodes' logs: %w", err)
		}
	}
	o := kind.Options{Clusters: n, Nodes: kind.Nodes{Image: p.options.NodeImage, Mirror: p.options.Mirror}, Cache: p.options.Cache, Logs: p.options.Logs, Progress: p.options.Progress}
	if err := p.prepare(ctx, &o); err != nil {
		return nil, err
	}
	group, err := kind.Up(ctx, o)
	if err != nil {
		return nil, err
	}
	p.group = group
	var specs []fleet.ClusterSpec
	for _, c := range group.Clusters {
		specs = append(specs, kindSpec(c.Plan, c.Kubeconfig, c.Server))
	}
	return specs, nil
}

func kindSpec(p kind.Plan, kubeconfig, server string) fleet.ClusterSpec {
	return fleet.ClusterSpec{
		Name: p.Name(), Kubeconfig: kubeconfig, Context: p.Context(), Network: p.Network(), RemoteServer: server, Platform: "kind",
	}
}

// PlannedKindSpecs describes clusters that kind would make. Their IDs and
// addresses are known only when they are there; the words in their place say so.
func PlannedKindSpecs(n int) []fleet.ClusterSpec {
	var specs []fleet.ClusterSpec
	for _, p := range kind.Plans("ID", n) {
		specs = append(specs, kindSpec(p, p.Name()+".yaml", "https://NODE-OF-"+p.Name()+":6443"))
	}
	return specs
}

// prepare builds what is not pulled: istioctl always, the images if so wanted.
func (p *Kind) prepare(ctx context.Context, o *kind.Options) error {
	po := parts.Options{Cache: p.options.Cache, Envoy: p.options.Envoy, Progress: partsLines(p.options.Progress)}
	if p.options.pulls() {
		po.Families = []string{"istio"}
	} else if err := parts.Prepare(ctx, po); err != nil {
		return err
	}
	set, err := parts.Build(ctx, po)
	if err != nil {
		return fmt.Errorf("build what kind clusters need: %w", err)
	}
	p.tools.Istioctl = set.Path("istioctl")
	if p.options.pulls() {
		return nil
	}
	p.tools.Kubectl = set.Path("kubectl")
	store, err := images.Build(ctx, images.Options{Cache: p.options.Cache, Parts: set})
	if err != nil {
		return fmt.Errorf("build the images of kind clusters: %w", err)
	}
	p.names = store.Names()
	digests, err := store.Digests(p.names.Proxy())
	if err != nil {
		return err
	}
	p.proxy = proxyImage(set.Envoy(), digests)
	o.Load = store.Archive
	if o.Nodes.Image == "" {
		o.Nodes.PodNetwork = true
		o.Nodes.Image, err = ensureNodeImage(ctx, p.options.Cache, p.options.Progress)
	}
	return err
}

// ensureNodeImage builds eastwest's node image if it has to, gives it to the
// engine if that has it not, and returns its name.
func ensureNodeImage(ctx context.Context, cache string, progress io.Writer) (string, error) {
	image, err := BuildNodeImage(ctx, cache, progress)
	if err != nil {
		return "", err
	}
	return image.Name, LoadNodeImage(ctx, image, progress)
}

// LoadNodeImage gives the engine a node image that it has not yet.
func LoadNodeImage(ctx context.Context, image kind.NodeImage, progress io.Writer) error {
	return kind.LoadNodeImage(ctx, image, func(what string) { _, _ = fmt.Fprintf(progress, "kind: %s\n", what) })
}

// BuildNodeImage builds eastwest's node image if it has to.
func BuildNodeImage(ctx context.Context, cache string, progress io.Writer) (kind.NodeImage, error) {
	return kind.BuildNodeImage(ctx, kind.NodeImageOptions{
		Cache: cache, Parts: partsLines(progress),
		Doing: func(what string) { _, _ = fmt.Fprintf(progress, "kind: building the node image: %s\n", what) },
	})
}

// quiet is how long a line of progress holds before the next of the same work.
const quiet = 3 * time.Second

// partsLines tells of the build of parts, which is silent when they are cached.
func partsLines(to io.Writer) func(parts.Event) {
	var family string
	var last time.Time
	return func(e parts.Event) {
		now := time.Now()
		if e.Family != family {
			family, last = e.Family, now
			return
		}
		if now.Sub(last) < quiet {
			return
		}
		last = now
		_, _ = fmt.Fprintf(to, "kind: building %-10s %3d%% (%s) %s\n", e.Family, e.Percent(), e.Elapsed.Round(time.Second), e.Current)
	}
}

// Destroy implements fleet.Provider.
func (p *Kind) Destroy(ctx context.Context) error {
	if p.group == nil {
		return nil
	}
	group := p.group
	p.group = nil
	return group.Remove(ctx)
}

// KeepLogs implements fleet.LogKeeper: a folder for each cluster, as "kind
// export logs" fills it.
func (p *Kind) KeepLogs() error {
	if p.group == nil || p.options.Logs == "" {
		return nil
	}
	return p.group.ExportLogs(p.options.Logs)
}

// Ready is how long each cluster took until its node was Ready.
func (p *Kind) Ready() []time.Duration {
	if p.group == nil {
		return nil
	}
	var all []time.Duration
	for _, c := range p.group.Clusters {
		all = append(all, c.Ready)
	}
	return all
}

// Traits implements fleet.Provider.
func (p *Kind) Traits() fleet.Traits {
	t := traits(p.names, p.tools)
	// One image for all versions: upstream has two, and their program answers
	// what SERVICE_VERSION tells it.
	t.Images.HelloWorld = p.names.HelloWorld("")
	t.Proxy = p.proxy
	if p.options.pulls() {
		// Upstream's proxy image has iptables, and pulling it takes its time.
		t.Images.HelloWorld = upstreamHost + p.names.HelloWorld("v1")
		t.MeshValues = nil
		t.Bounds = kube.DefaultBounds()
	}
	if p.options.pulls() && p.options.Images == BuiltHere {
		t.MeshValues = upstreamEnvoy()
		t.Proxy.Lacks = lacks
	}
	if p.group != nil {
		t.StateDir = p.group.Ledgers()
		t.Programs = []fleet.Program{
			{Name: "kind", Version: kind.Version()},
			{Name: p.group.Engine.Name, Version: p.group.Engine.Version},
		}
	}
	return t
}
