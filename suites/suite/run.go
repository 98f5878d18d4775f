package suite

import (
	"context"
	"errors"
	"io"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/gomega"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
)

// Suite is a table of contents.
type Suite struct {
	// Name is what --suite calls it.
	Name      string
	Scenarios []run.Scenario
}

// Config is what a suite is run with.
type Config struct {
	run.Config
	// Log gets Ginkgo's own report; nil discards it, since the run's report
	// says the same and more. Under go test it must be nil: Ginkgo then
	// writes to standard output, as its users expect.
	Log io.Writer
	// Quiet discards what Ginkgo writes; the binary sets it unless Log is set.
	Quiet bool
}

// Result is what a run leaves behind.
type Result struct {
	Run      report.Run
	Evidence []run.File
}

// Run carries a suite out and undoes what it made, whatever happens. The
// error tells of what could not be set up or ended; the verdict on the mesh is
// the run's outcome. A process can do this once, as Ginkgo keeps one tree.
func Run(ctx context.Context, t ginkgo.GinkgoTestingT, s Suite, config Config) (Result, error) {
	r, err := run.New(config.Config)
	if err != nil {
		return Result{}, err
	}
	running, err := r.Open(ctx)
	if err == nil {
		s.runSpecs(running, t, r, config)
		err = r.Err()
	}
	r.SkipRest(s.Scenarios)
	// Ginkgo skips what is left when it is interrupted; the clean-up is never left out.
	made, ended := r.Finish(running)
	return Result{Run: made, Evidence: r.Evidence()}, errors.Join(err, ended)
}

func (s Suite) runSpecs(ctx context.Context, t ginkgo.GinkgoTestingT, r *run.Run, config Config) {
	switch {
	case config.Log != nil:
		formatter.ColorableStdOut = config.Log
	case config.Quiet:
		formatter.ColorableStdOut = io.Discard
	}
	gomega.RegisterFailHandler(ginkgo.Fail)
	// Without this a matcher that is given a context has no timeout at all.
	gomega.EnforceDefaultTimeoutsWhenUsingContexts()
	s.register(ctx, r)
	suiteConfig, reporterConfig := ginkgo.GinkgoConfiguration()
	if config.Quiet {
		reporterConfig.NoColor = true
	}
	ginkgo.RunSpecs(t, "eastwest "+s.Name, suiteConfig, reporterConfig)
}

// T is the least that Ginkgo wants of a testing.T, for use outside of go test.
type T struct{ failed bool }

// Fail implements ginkgo.GinkgoTestingT.
func (t *T) Fail() { t.failed = true }

// Failed reports whether a spec failed.
func (t *T) Failed() bool { return t.failed }
