package revisions

import (
	"context"

	"github.com/onsi/ginkgo/v2"

	"github.com/eastwest-mesh/eastwest/scenarios"
	"github.com/eastwest-mesh/eastwest/suites/suite"
)

// Suite is the table of contents.
func Suite() suite.Suite {
	return suite.Suite{Name: "revisions", Scenarios: scenarios.Revisions()}
}

// Run carries the suite out; see suite.Run. The configuration has Compare.
func Run(ctx context.Context, t ginkgo.GinkgoTestingT, config suite.Config) (suite.Result, error) {
	return suite.Run(ctx, t, Suite(), config)
}
