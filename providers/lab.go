package providers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/loadbalancer"
	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
)

// Lab is the lab as an environment. A running lab of the same name is used and left
// running; otherwise one is made and removed again.
type Lab struct {
	options lab.Options
	lab     *lab.Lab
	made    bool
	// before is what the load balancers of a running lab were like; nil where
	// they were left alone.
	before *loadbalancer.Traits
}

var _ fleet.Imitator = (*Lab)(nil)

// NewLab returns a lab that Create makes or finds.
func NewLab(o lab.Options) *Lab { return &Lab{options: o} }

// Name implements fleet.Provider.
func (p *Lab) Name() string { return "lab" }

// Create implements fleet.Provider.
func (p *Lab) Create(ctx context.Context, n int) ([]fleet.ClusterSpec, error) {
	p.options.Clusters = n
	l, err := lab.Up(ctx, p.options)
	var running *lab.RunningError
	switch {
	case err == nil:
		p.made = true
	case errors.As(err, &running):
		if have := len(running.State.Clusters); have < n {
			return nil, fmt.Errorf("lab %q is running with %d clusters and %d are wanted; end it with \"eastwest lab down\" first", running.State.Name, have, n)
		}
		if l, err = lab.Open(p.options); err != nil {
			return nil, err
		}
		if err := p.sameEnvoy(ctx, l); err != nil {
			return nil, err
		}
		_, _ = fmt.Fprintf(p.progress(), "lab: using the running lab %q\n", l.State.Name)
		if err := p.lend(ctx, l); err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	p.lab = l
	return specs(l, n), nil
}

// sameEnvoy refuses a running lab whose proxies are not the ones that were asked for.
func (p *Lab) sameEnvoy(ctx context.Context, l *lab.Lab) error {
	if p.options.Envoy == "" {
		return nil
	}
	asked, err := envoy.Inspect(ctx, p.options.Envoy)
	if err != nil {
		return err
	}
	if asked.SHA256 != l.State.Envoy.SHA256 {
		return fmt.Errorf("lab %q is running with %s, and %s (%s) is asked for; end it with \"eastwest lab down\" first", l.State.Name, l.State.Envoy.Name(), asked.Path, asked.Version)
	}
	return nil
}

// Specs describes the clusters of a running lab.
func Specs(l *lab.Lab) []fleet.ClusterSpec { return specs(l, len(l.State.Clusters)) }

func specs(l *lab.Lab, n int) []fleet.ClusterSpec {
	var all []fleet.ClusterSpec
	for _, c := range l.State.Clusters[:n] {
		all = append(all, fleet.ClusterSpec{
			Name: c.Name, Kubeconfig: c.Kubeconfig, Context: c.Name, Network: c.Network, Primary: c.Primary, RemoteServer: c.Server, Platform: "lab",
		})
	}
	return all
}

// PlannedLabSpecs describes the clusters that a lab of n would have.
func PlannedLabSpecs(n int) ([]fleet.ClusterSpec, error) {
	plans, err := lab.Plans(n)
	if err != nil {
		return nil, err
	}
	all := make([]fleet.ClusterSpec, 0, n)
	for _, c := range plans {
		all = append(all, fleet.ClusterSpec{
			Name: c.Name, Kubeconfig: c.Name + ".yaml", Context: c.Name, Network: c.Network, RemoteServer: c.Server, Platform: "lab",
		})
	}
	return all, nil
}

func (p *Lab) progress() io.Writer {
	if p.options.Progress == nil {
		return io.Discard
	}
	return p.options.Progress
}

// Destroy implements fleet.Provider.
func (p *Lab) Destroy(ctx context.Context) error {
	if !p.made {
		return p.giveBack(ctx)
	}
	p.made = false
	return p.lab.Down(ctx)
}

// Timing is how long the clusters took, zero for a lab that was running already.
func (p *Lab) Timing() lab.Timing {
	if p.lab == nil {
		return lab.Timing{}
	}
	return p.lab.Timing
}

// drain is short because nobody's traffic is on a lab, and each pod with a
// proxy that is removed waits for it.
const drain = time.Second

// Traits implements fleet.Provider. Before Create the programs are named as a
// reader of the plan would call them.
func (p *Lab) Traits() fleet.Traits {
	if p.lab != nil {
		return LabTraits(p.lab)
	}
	return traits(plannedNames(), fleet.Tools{Istioctl: "istioctl", Kubectl: "kubectl"})
}

// plannedNames are the images of a plan that is only read: the tag follows
// from the parts, and they may not be built yet.
func plannedNames() images.Names {
	return images.Names{Hub: parts.IstioHub, Tag: "lab", Sleep: "eastwest/sleep:1.0", Echo: "eastwest/echo:1.0"}
}

// GenGatewayScript is the name of Istio's script beside the lab's istioctl.
const GenGatewayScript = "gen-eastwest-gateway.sh"

// LabTraits are the traits of a running lab with the Istio that it was started with.
func LabTraits(l *lab.Lab) fleet.Traits {
	return LabTraitsWith(l, l.State.Own(), l.State.TrustDomain)
}

// LabTraitsWith are the traits with which a control plane of one of the lab's Istios is
// installed. trustDomain is the mesh's; empty means Istio's default.
func LabTraitsWith(l *lab.Lab, istio lab.Istio, trustDomain string) fleet.Traits {
	t := traits(istio.Images, fleet.Tools{Istioctl: istio.Program("istioctl"), Kubectl: l.Program("kubectl")})
	if trustDomain != "" {
		t.MeshValues = append(t.MeshValues, "meshConfig.trustDomain="+trustDomain)
	}
	t.StateDir = filepath.Join(l.Dir(), "runs")
	var digests []string
	for _, i := range l.State.Istios {
		digests = append(digests, i.ProxyDigests...)
	}
	t.Proxy = proxyImage(l.State.Envoy, digests)
	if l.State.Name != lab.DefaultName {
		t.Cleanup = "eastwest cleanup --lab " + l.State.Name
	}
	for _, p := range l.State.Parts {
		t.Programs = append(t.Programs, fleet.Program{Name: p.Name, Version: p.Version})
	}
	return t
}

func traits(names images.Names, tools fleet.Tools) fleet.Traits {
	return fleet.Traits{
		InstallsMesh: true,
		Hub:          names.Hub, Tag: names.Tag,
		Images: fleet.Images{HelloWorld: helloWorld, Sleep: names.Sleep, Echo: names.Echo},
		Tools:  tools,
		Drain:  drain, ProxyReadiness: time.Second,
		MeshValues: append(upstreamEnvoy(), nativeNFTables),
		Bounds:     kube.LocalBounds(), ClustersLack: labLacks,
	}
}

// labLacks is what the lab's network plugin (ptp) cannot do.
const labLacks = "The lab's clusters store NetworkPolicies and do not enforce them: one that cuts the mesh off would not be noticed."

// helloWorld is the pattern of the sample's images, see images.Names.HelloWorld.
const helloWorld = "istio/examples-helloworld-{version}:1.0"
