package basic

import (
	"context"

	"github.com/onsi/ginkgo/v2"

	"github.com/eastwest-mesh/eastwest/scenarios"
	"github.com/eastwest-mesh/eastwest/suites/suite"
)

// Config is what every suite is run with.
type Config = suite.Config

// Result is what every suite leaves behind.
type Result = suite.Result

// Suite is the table of contents.
func Suite() suite.Suite { return suite.Suite{Name: "basic", Scenarios: scenarios.Basic()} }

// Run carries the suite out; see suite.Run.
func Run(ctx context.Context, t ginkgo.GinkgoTestingT, config Config) (Result, error) {
	return suite.Run(ctx, t, Suite(), config)
}
