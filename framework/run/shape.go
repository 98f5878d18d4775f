package run

import (
	"errors"
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// refuseServed refuses clusters that are known to have their control plane in another one.
// Of somebody's clusters preflight finds that out.
func refuseServed(specs []fleet.ClusterSpec) error {
	var errs []error
	for _, spec := range specs {
		if spec.Primary != "" {
			errs = append(errs, fmt.Errorf("%w: cluster %q has its control plane in %q (primary-remote), and a run sets up and tries clusters with a control plane each; \"eastwest diagnose\" judges such a mesh", ErrRefused, spec.Name, spec.Primary))
		}
	}
	return errors.Join(errs...)
}
