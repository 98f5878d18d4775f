package mesh

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// Tooling is what the guide's flags have to be for the tools and control planes
// that are really there.
type Tooling struct {
	Istioctl Istioctl
	// Mesh is the newest control plane's release, zero where none is known.
	Mesh              cell.Version
	PilotCertProvider string
	GatewayFlags      []string
	// Notes are what somebody who reads the report should know.
	Notes []string
}

// FindTooling probes an istioctl and reads the versions of the control planes
// of the clusters. With no clusters, where the plan is to install the control
// planes, they will be of istioctl's own release.
func FindTooling(ctx context.Context, asked cell.Cell, istioctl string, clusters []*fleet.Cluster, bounds kube.Bounds) (Tooling, error) {
	probed, err := ProbeIstioctl(ctx, istioctl, bounds)
	if err != nil {
		return Tooling{}, err
	}
	var (
		planes []ControlPlane
		errs   []error
	)
	for _, cluster := range clusters {
		plane, err := FindControlPlane(ctx, cluster.Client, cluster.Revision)
		errs = append(errs, err)
		planes = append(planes, plane)
	}
	if err := errors.Join(errs...); err != nil {
		return Tooling{}, err
	}
	return tooling(asked, probed, planes), nil
}

func tooling(asked cell.Cell, probed Istioctl, planes []ControlPlane) Tooling {
	found := Tooling{Istioctl: probed, Mesh: probed.Release}
	for i, plane := range planes {
		if i == 0 || plane.Release.AtLeast(found.Mesh) {
			found.Mesh = plane.Release
		}
	}
	for _, plane := range planes {
		if plane.Release != found.Mesh {
			found.Notes = append(found.Notes, fmt.Sprintf("cluster %q has a control plane of %s, others have %s", plane.Cluster, plane.Version, found.Mesh))
		}
		if plane.Release != (cell.Version{}) && probed.Release != (cell.Version{}) && plane.Release != probed.Release {
			found.Notes = append(found.Notes, fmt.Sprintf("istioctl is of %s, the control plane of cluster %q of %s: use the istioctl of its version", probed.Version, plane.Cluster, plane.Version))
		}
	}
	if want := cell.ValuesPath(probed.Release); probed.Release != (cell.Version{}) && want != probed.ValuesPath {
		found.Notes = append(found.Notes, fmt.Sprintf("istioctl %s takes %s in --set, where Istio's own of that release takes %s", probed.Version, probed.ValuesPath, want))
	}
	found.PilotCertProvider = asked.CertProvider(found.Mesh)
	if found.Mesh == (cell.Version{}) {
		// Nothing tells its age; an old one takes this too.
		found.PilotCertProvider = cell.CertByIstiod
	}
	found.GatewayFlags = probed.gatewayFlags(found.PilotCertProvider)
	return found
}

// ControlPlane is what the pods of a cluster's istiod tell about it.
type ControlPlane struct {
	Cluster, Revision string
	// Version is the tag of the image, such as "1.28.2-asm.4", and Release what
	// can be read from it.
	Version string
	Release cell.Version
}

// FindControlPlane looks at a Ready istiod of a cluster: of the wanted revision, or that to
// which a tag of this name leads, or, with none wanted, of the only one that there is.
func FindControlPlane(ctx context.Context, client *kube.Client, revision string) (ControlPlane, error) {
	istiod, err := istio.FindIstiod(ctx, client, revision)
	if err != nil {
		return ControlPlane{}, err
	}
	return controlPlaneOf(client.Name, istiod), nil
}

func controlPlaneOf(cluster string, istiod istio.Istiod) ControlPlane {
	plane := ControlPlane{Cluster: cluster, Revision: istiod.Revision, Version: istiod.Version}
	if release, err := cell.ParseVersion(plane.Version); err == nil {
		plane.Release = release
	}
	return plane
}

// compareCertProviders notes where istiod or the gateway have another
// pilotCertProvider than was asked for. The flag does nothing for a gateway
// that istiod injects, so that what counts is what the pods really got.
func (b *builder) compareCertProviders(cluster fleet.ClusterSpec) plan.Action {
	wanted := b.opts.certProvider()
	return plan.Await{
		Title: "compare pilotCertProvider",
		Shell: "# want " + wanted + ":\n" + kubectlHere("--namespace="+names.System, "get pods --selector='"+istiodOrGateway+
			`' --output=jsonpath='{range .items[*]}{.metadata.name}{" "}{.spec.containers[*].env[?(@.name=="`+names.EnvCertProvider+`")].value}{"\n"}{end}'`),
		Until: func(ctx context.Context, site *plan.Site) error {
			read := istio.Look(ctx, &fleet.Cluster{ClusterSpec: cluster, Client: site.Client}, istio.PartIstiods|istio.PartGateways)
			istiods, noIstiods := read.Istiods.Get()
			gateways, noGateways := read.Gateways.Get()
			if why := cmp.Or(noIstiods, noGateways); why != nil {
				site.Note(fmt.Sprintf("pilotCertProvider was not compared: %s", why)) // nothing rests on it
				return nil
			}
			pods := gateways.Pods
			for _, istiod := range istiods {
				pods = append(pods, istiod.Pod)
			}
			for _, drift := range certProviderDrift(wanted, cluster.Revision, pods) {
				site.Note(drift)
			}
			return nil
		},
	}
}

// istiodOrGateway selects the pods of both.
const istiodOrGateway = "app in (istiod, " + names.Gateway + ")"

func certProviderDrift(wanted, revision string, pods []istio.Pod) []string {
	var drift []string
	for _, pod := range pods {
		if revision != "" && pod.Labels[names.Revision] != revision {
			continue
		}
		if has := pod.Env[names.EnvCertProvider]; has != "" && has != wanted {
			drift = append(drift, fmt.Sprintf("warning: pilotCertProvider=%s was asked for, but pod %s has %s=%s", wanted, pod.Name, names.EnvCertProvider, has))
		}
	}
	return drift
}
