package main

import (
	"fmt"

	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

// labSetup is the whole mesh on a running lab, with a line for each step.
func labSetup(streams ioStreams, l *lab.Lab) run.Setup {
	return run.Setup{
		Specs: providers.Specs(l), Traits: providers.LabTraits(l), Environment: "lab",
		StepEnded: func(r plan.Result) {
			fmt.Fprintf(streams.errOut, "lab: %-40s %5.1f s\n", r.Title, r.Took.Seconds())
		},
	}
}
