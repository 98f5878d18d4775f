// Command istiotests runs Istio's own integration tests, unchanged, on a lab:
// "make istio-tests" runs it. They judge the lab, not Istio: where a cluster made here
// is unlike a real one, a test that passes on kind fails.
//
// Owns: which suites run on which topology, how they are built and run, and which of
// their tests are known to fail or to be skipped.
// May import: framework/kube, lab, providers.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	codePassed      = 0
	codeFailed      = 1
	codeCouldNotRun = 3
)

// errFailed says that the tests ran and the result is not what is expected.
var errFailed = errors.New("not as expected")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "istio-tests: %v\n", err)
	}
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return codePassed
	case errors.Is(err, errFailed):
		return codeFailed
	default:
		return codeCouldNotRun
	}
}

func newCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "istiotests",
		Short: "Run Istio's own integration tests on a lab",
		Long: `Builds Istio's integration tests, and the programs and images that they deploy,
from the pinned module; starts a lab; runs the suites one after the other; and
compares each test with what is expected of it (internal/istiotests/expected).

Exit codes: 0 all as expected, 1 not, 3 could not run.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.stdout, o.stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "run the nightly list, not the quick one")
	f.StringVar(&o.topology, "topology", multiPrimary, "which clusters serve and reach which: "+strings.Join(topologyNames(), ", "))
	f.StringSliceVar(&o.only, "only", nil, "run only these suites of the list")
	f.BoolVar(&o.keep, "keep", false, "leave the lab running at the end")
	f.StringVar(&o.lab, "lab", "istio-tests", "name of the lab that is made for the tests")
	f.StringVar(&o.out, "out", "artifacts/istio-tests", "folder of the table, JUnit and logs")
	f.StringVar(&o.eastwest, "eastwest", "bin/eastwest", "the program that makes the lab")
	return cmd
}
