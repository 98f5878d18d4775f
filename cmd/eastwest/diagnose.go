package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/diagnose"
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

type diagnoseFlags struct {
	readingFlags
	snapshot string
}

func newDiagnoseCommand(streams ioStreams) *cobra.Command {
	var flags diagnoseFlags
	cmd := &cobra.Command{
		Use:   "diagnose",
		Short: "Say which links of a running mesh are broken and what to do; reads only",
		Long: `Reads every cluster once, then runs all checks ("eastwest explain" lists them):
access, control planes, injection, networks and gateways, endpoint discovery,
trust, policy and routing, traffic. Shows findings by cause, for each pair of
clusters, with what follows from a cause below it. Changes nothing; where
HelloWorld and Sleep run, the Sleep pods make a few calls.

Findings that the fleet file accepts (accept:) are set aside with their reason. An
expired acceptance is an error.

The exit code is 0 when no error was found, 1 when one was, and 3 when none was
found but a check could not look everywhere, or a cluster is of a kind that is not
judged: ambient, dual stack, managed control plane, external istiod.`,
		Example: `  # two contexts of your kubeconfig
  eastwest diagnose --context west --context east

  # a lab with a mesh, broken on purpose
  sudo eastwest lab up --mesh
  sudo eastwest lab break exposure --cluster cluster2
  sudo eastwest diagnose --on lab

  # what somebody else has sent
  eastwest diagnose --snapshot mesh.json`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runDiagnose(cmd.Context(), streams, flags) },
	}
	flags.registerReading(cmd.Flags())
	cmd.Flags().StringVar(&flags.snapshot, "snapshot", "", "judge this file, as \"eastwest snapshot\" writes it, and reach no cluster")
	return cmd
}

func runDiagnose(ctx context.Context, streams ioStreams, flags diagnoseFlags) error {
	snapshot, accepted, err := flags.look(ctx, streams)
	if err != nil {
		return err
	}
	diagnosis := diagnose.Judge(snapshot, checks.OfMesh(), accepted...)
	if _, err := fmt.Fprint(streams.out, diagnosis.Text()); err != nil {
		return err
	}
	switch {
	case !diagnosis.Healthy():
		return quietError{code: codeNonConformant}
	case !diagnosis.Complete():
		return quietError{code: codeInconclusive}
	}
	return nil
}

// look reads the file, or else the clusters, of which the fleet file may accept findings.
func (f diagnoseFlags) look(ctx context.Context, streams ioStreams) (*istio.Snapshot, []checks.Acceptance, error) {
	if f.snapshot == "" {
		return f.take(ctx, streams)
	}
	if f.given() {
		return nil, nil, usageError(errors.New("--snapshot with a fleet: want one or the other"))
	}
	snapshot, err := loadSnapshot(f.snapshot)
	return snapshot, nil, err
}

func loadSnapshot(path string) (*istio.Snapshot, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, usageError(err)
	}
	defer func() { _ = file.Close() }()
	snapshot, err := istio.Load(file)
	if err != nil {
		return nil, usageError(fmt.Errorf("%s: %w", path, err))
	}
	return snapshot, nil
}

// readBound is how long somebody waits for a snapshot, however dead a cluster is. What was
// not read by then is unknown.
const readBound = 55 * time.Second

// take reads the clusters, calls included.
func (f readingFlags) take(ctx context.Context, streams ioStreams) (*istio.Snapshot, []checks.Acceptance, error) {
	calls, err := f.callCount()
	if err != nil {
		return nil, nil, usageError(err)
	}
	silenceClients()
	ctx, cancel := context.WithTimeout(ctx, readBound)
	defer cancel()
	clusters, found, err := f.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = clusters.Close() }()
	for _, warning := range found.warnings {
		fmt.Fprintf(streams.errOut, "fleet: warning: %s\n", warning)
	}
	snapshot := diagnose.Take(ctx, clusters.Clusters, diagnose.Options{Namespace: cmp.Or(f.namespace, found.namespace), Calls: calls})
	snapshot.Eastwest = ownVersion()
	f.tellTraffic(streams, snapshot)
	return snapshot, found.accept, nil
}

// callCount reads the flag --calls.
func (f readingFlags) callCount() (int, error) {
	if f.calls == "sized" {
		return diagnose.Sized, nil
	}
	n, err := strconv.Atoi(f.calls)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("--calls: want sized or a number of at least 0, got %q", f.calls)
	}
	return n, nil
}
