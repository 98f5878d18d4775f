package run

import (
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
)

// Outline is what a cell's plan is made with as long as no fleet file names the
// clusters: the guide's own placeholders and relative paths, to be read or to be
// filled in. release is that of the control planes and of their istioctl, which
// decides about flags; nothing is probed.
func Outline(asked cell.Cell, clusters int, release cell.Version) PlanOptions {
	opts := PlanOptions{
		Traits: fleet.Traits{
			Images: fleet.UpstreamImages(clusters),
			Tools:  outlineTools(asked),
		},
		PilotCertProvider: asked.CertProvider(release),
		GatewayFlags:      asked.GatewayFlags(cell.Tools{Mesh: release, Istioctl: release}),
		Placeholders:      true,
		Notes:             outlineNotes(asked, release),
	}
	if opts.Traits.Tools.Asmcli != "" {
		opts.FleetID = mesh.PlaceholderFleetID()
	}
	for i := range clusters {
		opts.Clusters = append(opts.Clusters, fleet.ClusterSpec{
			Name: fmt.Sprintf("cluster%d", i+1), Network: fmt.Sprintf("network%d", i+1),
			Kubeconfig: fmt.Sprintf("PATH_TO_KUBECONFIG_%d", i+1), Platform: string(asked.Platform),
		})
	}
	return opts
}

// outlineTools are those of the folder that somebody installed the mesh from:
// asmcli's, or on platforms that it is not made for that of Istio's release.
func outlineTools(asked cell.Cell) fleet.Tools {
	if asked.Platform == cell.Other {
		return fleet.Tools{
			Istioctl:       "./bin/istioctl",
			GenGateway:     "samples/multicluster/gen-eastwest-gateway.sh",
			ExposeServices: "samples/multicluster/expose-services.yaml",
		}
	}
	return fleet.Tools{
		Istioctl: "./istioctl", Asmcli: "./asmcli", OutputDir: ".",
		GenGateway:     "asm/istio/expansion/gen-eastwest-gateway.sh",
		ExposeServices: "asm/istio/expansion/expose-services.yaml",
	}
}

// outlineNotes say what the plan takes for granted.
func outlineNotes(asked cell.Cell, release cell.Version) []string {
	folder, before := "the folder that asmcli install left", "asmcli install "+strings.Join(asked.InstallFlags(), " ")
	if asked.Platform == cell.Other {
		folder, before = "the folder of Istio's release", "istiod, by istioctl or Helm, with an intermediate CA of one root"
	}
	notes := []string{
		fmt.Sprintf("%s with CA %s (%s): %s", asked.Title, asked.CA, asked.Source, asked.Reason),
		"no fleet file: names, networks and paths are placeholders; run in " + folder,
		fmt.Sprintf("flags are those of control planes and an istioctl of release %s", release),
		"before the guide, on each cluster: " + before,
		fmt.Sprintf("a gateway's address: %s, from %s", addressWords(asked.LoadBalancer), asked.LoadBalancer.Maker),
	}
	if asked.LoadBalancer.Note != "" {
		notes = append(notes, asked.LoadBalancer.Note)
	}
	if end := asked.Deprecation; end != nil {
		notes = append(notes, fmt.Sprintf("deprecated since %s, supported until %s (%s)", end.Since, end.End, end.Source))
	}
	return notes
}

func addressWords(balancer cell.LoadBalancer) string {
	switch {
	case balancer.Address != cell.Hostname:
		return "an IP address"
	case balancer.Several:
		return "a host name with several addresses"
	default:
		return "a host name"
	}
}
