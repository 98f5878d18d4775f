package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/matrix"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

// matrixFlags are the flags as given, not yet checked.
type matrixFlags struct {
	out, lab, envoy  string
	clusters         string
	errorProbability string
}

func newMatrixRunCommand(streams ioStreams) *cobra.Command {
	var flags matrixFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run all platform and CA combinations that this machine supports",
		Long: `Runs the lab's own cell, then rehearses every other platform that can be
rehearsed, on one lab whose load balancers imitate each platform in turn. If a lab
of that name is running, it is used and left running.

Writes to --out: junit.xml, report.json, report.html and summary.md for all cells
together, cells/ with the artifacts of each, and plans/ with the plan of each cell
that only a fleet can prove. Cells that did not run are listed with the reason.

The exit code is that of the worst cell.`,
		Example: `  # everything that this machine can (root)
  sudo eastwest matrix run

  # on a lab that is there, with three clusters
  sudo eastwest lab up --clusters 3
  sudo eastwest matrix run --clusters 3`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runMatrix(cmd.Context(), streams, flags)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.out, "out", fromEnv("OUT", "artifacts"), "folder for the reports (OUT)")
	set.StringVar(&flags.lab, "lab", fromEnv("LAB", lab.DefaultName), "name of the lab to use or to make (LAB)")
	registerEnvoy(set, &flags.envoy)
	set.StringVar(&flags.clusters, "clusters", fromEnv("CLUSTERS", "2"), "number of clusters (CLUSTERS)")
	set.StringVar(&flags.errorProbability, "error-probability", fromEnv("ERROR_PROBABILITY", "1e-6"), "target false-positive rate of each statistical check (ERROR_PROBABILITY)")
	return cmd
}

// config checks the flags and names all that is wrong with them at once.
func (f matrixFlags) config(streams ioStreams) (matrix.Config, error) {
	var errs []error
	clusters, err := strconv.Atoi(f.clusters)
	if err != nil || clusters < fewest {
		errs = append(errs, fmt.Errorf("--clusters: want a number of at least %d, got %q", fewest, f.clusters))
	}
	probability, err := checkProbability(f.errorProbability)
	errs = append(errs, err)
	if f.out == "" {
		errs = append(errs, errors.New("--out: want a folder for the reports"))
	}
	self, err := os.Executable()
	if err := errors.Join(append(errs, err)...); err != nil {
		return matrix.Config{}, err
	}
	return matrix.Config{
		Lab:     providers.NewLab(lab.Options{Name: f.lab, Envoy: f.envoy, Progress: streams.errOut}),
		LabName: f.lab, Eastwest: self, Dir: f.out, Clusters: clusters, ErrorProbability: probability,
		Lines: streams.out, Progress: streams.errOut,
	}, nil
}

func runMatrix(ctx context.Context, streams ioStreams, flags matrixFlags) error {
	config, err := flags.config(streams)
	if err != nil {
		return usageError(err)
	}
	list, err := matrix.Run(ctx, config)
	if err != nil && list.Outcome == verdict.NonConformant {
		_, _ = fmt.Fprintf(streams.errOut, "matrix: %v\n", err)
	}
	return concludeMatrix(ctx, list.Outcome, err)
}

// concludeMatrix turns the worst outcome into an exit code. An error keeps what it is: an
// Envoy that is none stays wrong use.
func concludeMatrix(ctx context.Context, outcome verdict.Outcome, err error) error {
	switch {
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), err)
	case outcome != verdict.NonConformant && err != nil:
		return err
	}
	return conclude(outcome, nil, nil)
}

// printElsewhere prints the plan of a cell that cannot be proved here, so that
// whoever asked has at least what is to be done where it can.
func printElsewhere(streams ioStreams, w where) error {
	made, err := matrix.Outline(w.cell, w.clusters)
	if err != nil {
		return err
	}
	return plan.Print(streams.out, made, plan.Text)
}
