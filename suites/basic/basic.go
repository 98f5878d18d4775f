package basic

import (
	"context"

	"github.com/onsi/ginkgo/v2"

	"github.com/eastwest-mesh/eastwest/scenarios"
	"github.com/eastwest-mesh/eastwest/suites/suite"
)

// Config, Result and T are those of every suite.
type (
	Config = suite.Config
	Result = suite.Result
	T      = suite.T
)

// Suite is the table of contents.
func Suite() suite.Suite { return suite.Suite{Name: "basic", Scenarios: scenarios.Basic()} }

// Run carries the suite out; see suite.Run.
func Run(ctx context.Context, t ginkgo.GinkgoTestingT, config Config) (Result, error) {
	return suite.Run(ctx, t, Suite(), config)
}
