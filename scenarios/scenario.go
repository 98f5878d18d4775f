package scenarios

import (
	"context"

	"github.com/eastwest-mesh/eastwest/framework/run"
)

// Basic is the table of contents: the scenarios of the basic suite, in the order in which they run.
func Basic() []run.Scenario {
	return []run.Scenario{
		bothDirections(),
		gatewayCrossing(),
		localVersionScaledToZero(),
		plaintextRefused(),
	}
}

// trial is what one scenario runs in, with what several need.
type trial struct{ *run.Env }

// on makes the function of a scenario one that framework/run can call.
func on(try func(context.Context, trial) error) func(context.Context, *run.Env) error {
	return func(ctx context.Context, env *run.Env) error { return try(ctx, trial{env}) }
}
