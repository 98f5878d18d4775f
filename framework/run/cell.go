package run

import (
	"context"
	"fmt"
	"strings"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// imitate makes the environment take on the traits of the cell's platform, where
// the cell is rehearsed, and tells in the report which it does and which not.
func (c *Config) imitate() {
	if c.Asked == nil || !c.Cell.Rehearsal {
		return
	}
	asked := *c.Asked
	if environment, ok := c.Provider.(fleet.Imitator); ok {
		c.Cell.Imitated = environment.Imitate(Balancing(asked))
	} else {
		c.Cell.NotImitated = append(c.Cell.NotImitated, fmt.Sprintf("the load balancer of %s, which gives a gateway %s", asked.Title, article(asked.LoadBalancer.Address)))
	}
	c.Cell.NotImitated = append(c.Cell.NotImitated, notImitated(asked)...)
}

// Balancing is how the load balancers of a cell's platform give addresses.
func Balancing(c cell.Cell) fleet.Balancing {
	return fleet.Balancing{
		Hostname: c.LoadBalancer.Address == cell.Hostname, Several: c.LoadBalancer.Several, Late: c.LoadBalancer.Late,
	}
}

func article(kind cell.AddressKind) string {
	if kind == cell.Hostname {
		return "a host name"
	}
	return "an address"
}

// notImitated lists what no environment but the platform itself has.
func notImitated(c cell.Cell) []string {
	missing := []string{fmt.Sprintf("what makes the address there (%s), with its health checks, time-outs and firewalls", c.LoadBalancer.Maker)}
	if c.LoadBalancer.Note != "" {
		missing = append(missing, "of that in particular: "+c.LoadBalancer.Note)
	}
	return append(missing, fmt.Sprintf("%s: its Kubernetes, nodes and network", c.Title), "asmcli and Google's images of Istio")
}

// adopt finds out the versions that decide about the cell's flags and takes
// these: the ones that the guide gives for that cell and that istioctl. An
// istioctl of the user's is asked what it takes; ours is known.
func (r *Run) adopt(ctx context.Context) error {
	if r.config.Asked == nil {
		return nil
	}
	traits := r.config.Provider.Traits()
	if ours, err := cell.ParseVersion(traits.Tag); traits.InstallsMesh && err == nil {
		r.config.certProvider = r.config.Asked.CertProvider(ours)
		r.config.gatewayFlags = r.config.Asked.GatewayFlags(cell.Tools{Mesh: ours, Istioctl: ours})
	} else {
		tooling, err := mesh.FindTooling(ctx, *r.config.Asked, traits.Tools.Istioctl, r.planes(traits), r.bounds)
		if err != nil {
			return err
		}
		r.config.certProvider, r.config.gatewayFlags = tooling.PilotCertProvider, tooling.GatewayFlags
		r.found = append(r.found, tooling.Notes...)
	}
	if r.report.Cell.Rehearsal {
		r.report.Cell.Imitated = append(r.report.Cell.Imitated, "the guide's flags for the cell: "+strings.Join(r.config.gatewayFlags, " "))
	}
	return nil
}

// planes are the clusters whose control planes are there already.
func (r *Run) planes(traits fleet.Traits) []*fleet.Cluster {
	if traits.InstallsMesh {
		return nil
	}
	return r.fleet.Clusters
}

// AskedOf is the report's part of a cell that was asked for on an environment.
func AskedOf(asked cell.Cell, on cell.Environment) report.Cell {
	return report.Cell{
		Platform: string(asked.Platform), CA: string(asked.CA), Environment: string(on), Rehearsal: asked.Home != on,
	}
}
