package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/framework/workload"
	"github.com/eastwest-mesh/eastwest/suites/suite"
)

// verifyFlags are the flags as given, not yet checked.
type verifyFlags struct {
	environmentFlags
	setup, suite     string
	namespace        string
	errorProbability string
	out              string
	// size, maxDuration and seed are for comparing two revisions.
	size          string
	maxDuration   time.Duration
	seed          uint64
	keep, verbose bool
	yes           bool
	command       []string
}

func newVerifyCommand(streams ioStreams) *cobra.Command {
	var flags verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that a mesh works, then restore the clusters",
		Long: `Carries out Google's guide, runs the scenarios, removes everything it made, and
checks that nothing is left. When something fails it diagnoses the mesh first:
which link is broken, and how to mend it.

With --suite revisions it compares two revisions of the mesh that is there: calls
of every mix of the two, and the way back (docs/revisions.md).

Flags override environment variables, which override defaults.
Progress goes to standard error, the verdict to standard output, and
artifacts/ gets junit.xml, report.json, report.html, summary.md and diagnosis/.`,
		Example: `  # the lab: two real clusters on this machine (root)
  sudo eastwest verify

  # kind clusters on this machine's Docker, with Istio's own images
  eastwest verify --on kind

  # the same without any registry: images built here, with upstream's Envoy
  sudo eastwest verify --on kind --images built

  # your own clusters: try the mesh that is there, in a namespace of the run's own
  eastwest verify --fleet fleet.yaml

  # the same, and make the gateways and remote secrets that the guide makes
  eastwest verify --fleet fleet.yaml --setup install

  # may the fleet move from revision default to canary? calls between both, and back
  eastwest verify --fleet fleet.yaml --suite revisions --revision default,canary

  # rehearse another platform's cell on the lab
  sudo eastwest verify --platform aws --ca istio --on lab

  # keep what was made, to look at it
  sudo eastwest verify --keep`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			flags.command = append([]string{"eastwest"}, os.Args[1:]...)
			return runVerify(cmd.Context(), streams, flags)
		},
	}
	set := cmd.Flags()
	flags.register(set)
	set.StringVar(&flags.setup, "setup", fromEnv("SETUP", ""), setupUsage)
	set.BoolVar(&flags.yes, "yes", agreedBeforehand(), "with --setup install on a fleet: agree to what is listed (YES)")
	set.StringVar(&flags.suite, "suite", fromEnv("SUITE", suiteBasic), "the suite (SUITE): basic, or revisions, which compares the two of --revision OLD,NEW on the mesh that is there")
	set.StringVar(&flags.size, "size", fromEnv("SIZE", string(verdict.Standard)), "with --suite revisions: how small a loss of calls is found (SIZE): small (2 %), standard (0.5 %)")
	set.DurationVar(&flags.maxDuration, "max-duration", 0, "with --suite revisions: refuse what takes longer, and stop each of its two scenarios after that (default: none)")
	set.Uint64Var(&flags.seed, "seed", 0, "with --suite revisions: draw the orders of calls as an earlier run did (default: by chance; reports tell it)")
	set.StringVar(&flags.errorProbability, "error-probability", fromEnv("ERROR_PROBABILITY", "1e-6"), "target false-positive rate of each statistical check (ERROR_PROBABILITY)")
	set.StringVar(&flags.out, "out", fromEnv("OUT", "artifacts"), "folder for the reports (OUT)")
	set.StringVar(&flags.namespace, "namespace", fromEnv("NAMESPACE", ""), "namespace of the sample programs (NAMESPACE; default: sample, or one of the run's own with --setup reuse)")
	set.BoolVar(&flags.keep, "keep", false, "leave everything that was made, the clusters too")
	set.BoolVarP(&flags.verbose, "verbose", "v", false, "also show the test framework's own report, on standard error")
	return cmd
}

func runVerify(ctx context.Context, streams ioStreams, flags verifyFlags) error {
	config, err := flags.config(streams)
	var elsewhere *elsewhereError
	if errors.As(err, &elsewhere) {
		return errors.Join(exitError{code: codeInconclusive, err: err}, printElsewhere(streams, elsewhere.where))
	}
	if err != nil {
		return usageError(err)
	}
	if !flags.verbose {
		silenceClients()
	}
	result, failure := suite.Run(ctx, &suite.T{}, flags.table(), config)
	if result.Run.ID == "" {
		return usageError(failure) // nothing was begun: what was asked for makes no sense
	}
	written := run.WriteArtifacts(flags.out, result.Run, result.Evidence)
	if _, err := fmt.Fprint(streams.out, report.Terminal(result.Run, terminalOptions(streams, ""))); err != nil {
		written = errors.Join(written, err)
	}
	return conclude(result.Run.Outcome, failure, written)
}

// conclude turns outcome and errors into the exit code. An error that the
// report already tells is not printed again.
func conclude(outcome verdict.Outcome, failure, written error) error {
	switch {
	case errors.Is(failure, istio.ErrAmbiguousRevision), errors.Is(failure, istio.ErrServedElsewhere), errors.Is(failure, run.ErrRefused):
		return usageError(errors.Join(failure, written))
	case written != nil:
		return exitError{code: codeInconclusive, err: written}
	case outcome == verdict.NonConformant:
		return quietError{code: codeNonConformant}
	case !outcome.Passed():
		return quietError{code: codeInconclusive}
	case failure != nil:
		return exitError{code: codeInconclusive, err: failure}
	}
	return nil
}

// config checks everything and tells all that is wrong at once.
func (f verifyFlags) config(streams ioStreams) (suite.Config, error) {
	chosen, errChosen := f.choose()
	w, errWhere := chosen.where(f)
	f.setup = chosen.setup
	errs := []error{errWhere, errChosen, oneOf("setup", f.setup, setupInstall, setupReuse), oneOf("suite", f.suite, suiteBasic, suiteRevisions)}
	errs = append(errs, chosen.ofFile(f, w.fleet))
	probability, err := checkProbability(f.errorProbability)
	errs = append(errs, err)
	errs = append(errs, checkNamespace(f.namespace))
	if w.fleet != nil && w.fleet.Existing && f.namespace != "" && f.namespace != w.fleet.Namespace {
		errs = append(errs, fmt.Errorf("--namespace %s: the fleet file has namespace %s, made beforehand; leave one out", f.namespace, w.fleet.Namespace))
	}
	if f.out == "" {
		errs = append(errs, errors.New("--out: want a folder for the reports"))
	}
	var accept []checks.Acceptance
	if w.fleet != nil {
		accept, err = acceptances(w.fleet)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return suite.Config{}, err
	}
	f.logs = filepath.Join(f.out, "kind-logs")
	provider, err := w.provider(f.environmentFlags, streams)
	if err != nil {
		return suite.Config{}, err
	}
	config := suite.Config{Quiet: !f.verbose, Config: run.Config{
		Provider: provider, Asked: &w.cell, Cell: run.AskedOf(w.cell, w.on),
		Clusters: w.clusters, Namespace: f.namespace, Reuse: f.setup == setupReuse, Consent: consent(streams, f.yes), Keep: f.keep, Accept: accept, ErrorProbability: probability,
		Command: f.command, Version: ownVersion(), Progress: streams.errOut,
		Revision: chosen.revision, Compare: chosen.compare,
	}}
	if w.fleet != nil {
		config.FleetProject, config.MeshID = w.fleet.FleetProject, w.fleet.MeshID
		config.Existing = w.fleet.Existing
		if config.Namespace == "" && (config.Existing || !config.Reuse || w.fleet.Namespace != workload.DefaultNamespace) {
			config.Namespace = w.fleet.Namespace
		}
		for _, warning := range w.fleet.Warnings {
			fmt.Fprintf(streams.errOut, "fleet: warning: %s\n", warning)
		}
	}
	if f.verbose {
		config.Log = streams.errOut
	}
	return config, nil
}

// ownVersion is the version that the Go toolchain stamped into this binary.
func ownVersion() string { return own().Version }
