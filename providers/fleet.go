package providers

import (
	"context"
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Fleet is somebody's clusters as an environment. It makes nothing and removes nothing, and it
// connects to none of them: what the file leaves open, istio.Settle asks the clusters once
// they are connected.
type Fleet struct {
	file *fleetfile.File
}

var _ fleet.Provider = (*Fleet)(nil)

// NewFleet returns the environment of a fleet whose description was checked; see fleetfile.Load
// and fleetfile.FromContexts.
func NewFleet(file *fleetfile.File) *Fleet { return &Fleet{file: file} }

// Name implements fleet.Provider.
func (p *Fleet) Name() string { return "fleet" }

// Create implements fleet.Provider. n is the number of clusters of the fleet, or 0.
func (p *Fleet) Create(_ context.Context, n int) ([]fleet.ClusterSpec, error) {
	specs := p.file.Specs()
	if n != 0 && n != len(specs) {
		return nil, fmt.Errorf("fleet %s has %d clusters and %d are wanted; leave the number out, or change the fleet", p.file.Name, len(specs), n)
	}
	return specs, nil
}

// Destroy implements fleet.Provider: the clusters are somebody's.
func (p *Fleet) Destroy(context.Context) error { return nil }

// Traits implements fleet.Provider.
func (p *Fleet) Traits() fleet.Traits {
	file := p.file
	return fleet.Traits{
		InstallsMesh: false,
		Tools:        file.Tools.AsTools(),
		Images:       file.Images.AsImages(),
		Workload:     file.Workload,
		Bounds:       kube.DefaultBounds(),
	}
}
