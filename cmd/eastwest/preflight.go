package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/preflight"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

type preflightFlags struct {
	readingFlags
	setup, output, snapshot string
}

func newPreflightCommand(streams ioStreams) *cobra.Command {
	var flags preflightFlags
	cmd := &cobra.Command{
		Use:   "preflight",
		Short: "Check whether a run would work on a fleet; reads only",
		Long: `Checks the fleet as "eastwest fleet check" does, then reads all clusters in
parallel: the checks that a run depends on ("eastwest explain" lists all), the
user's rights, which parts of a mesh exist already, and, in an existing namespace,
whether pods like the run's would be admitted. Reports all problems at once, each
with its fix. Changes nothing.

The exit code is 0 when a run can begin, warnings or not; 2 when something is
refused; 3 when something could not be found out.`,
		Example: `  # look at a fleet
  eastwest preflight --fleet fleet.yaml

  # two contexts of your kubeconfig
  eastwest preflight --context west --context east

  # what of this can be said of a file of "eastwest snapshot"
  eastwest preflight --snapshot mesh.json

  # what is refused, for a program
  eastwest preflight --fleet fleet.yaml -o json | jq -r '.checks[] | select(.status == "refused") | .found'`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runPreflight(cmd.Context(), streams, flags) },
	}
	flags.register(cmd.Flags())
	cmd.Flags().StringVar(&flags.snapshot, "snapshot", "", "judge this file, as \"eastwest snapshot\" writes it, and reach no cluster")
	cmd.Flags().StringVar(&flags.setup, "setup", fromEnv("SETUP", setupReuse), "what the run will do (SETUP): install the mesh, or reuse the one that is there")
	cmd.Flags().StringVarP(&flags.output, "output", "o", "text", "form of the output: text or json")
	return cmd
}

func runPreflight(ctx context.Context, streams ioStreams, flags preflightFlags) error {
	if err := errors.Join(oneOf("setup", flags.setup, setupInstall, setupReuse), oneOf("output", flags.output, "text", "json")); err != nil {
		return usageError(err)
	}
	result, warnings, err := flags.look(ctx)
	if err != nil {
		return err
	}
	if err := printPreflight(streams, warnings, result, flags.output); err != nil {
		return err
	}
	switch result.Status {
	case preflight.Refused:
		return quietError{code: codeUsage}
	case preflight.Unknown:
		return quietError{code: codeInconclusive}
	default:
		return nil
	}
}

// look judges the file, or else the clusters.
func (f preflightFlags) look(ctx context.Context) (preflight.Result, []string, error) {
	if f.snapshot != "" {
		if f.given() {
			return preflight.Result{}, nil, usageError(errors.New("--snapshot with a fleet: want one or the other"))
		}
		snapshot, err := loadSnapshot(f.snapshot)
		if err != nil {
			return preflight.Result{}, nil, err
		}
		return preflight.Judge(snapshot), nil, nil
	}
	// A fleet file describes a run, and all that a run needs is looked for.
	load := f.load
	if f.file == "" {
		load = f.loadToRead
	}
	file, err := load()
	if err != nil {
		return preflight.Result{}, nil, usageError(err)
	}
	accept, err := acceptances(file)
	if err != nil {
		return preflight.Result{}, nil, usageError(err)
	}
	pods, err := workload.Pods(workload.Options{Namespace: file.Namespace, Images: file.Images.AsImages(), Workload: file.Workload})
	if err != nil {
		return preflight.Result{}, nil, err
	}
	silenceClients()
	ctx, cancel := context.WithTimeout(ctx, readBound)
	defer cancel()
	clusters, err := fleet.Connect(ctx, file.Specs(), fleet.Options{UserAgent: "preflight", Bounds: kube.ReadingBounds(), Tolerate: true})
	if err != nil {
		return preflight.Result{}, nil, err
	}
	result := preflight.Run(ctx, clusters.Clusters, preflight.Options{
		CA: cell.CA(file.CA), Namespace: file.Namespace, Existing: file.Existing, Pods: pods,
		Reuse: f.setup == setupReuse, Asmcli: file.Tools.Asmcli != "", Accept: accept, Looking: f.file == "",
	})
	return result, file.Warnings, clusters.Close()
}

func printPreflight(streams ioStreams, warnings []string, result preflight.Result, output string) error {
	for _, warning := range warnings {
		fmt.Fprintf(streams.errOut, "warning: %s\n", warning)
	}
	if output == "json" {
		return printJSON(streams.out, result)
	}
	_, err := fmt.Fprint(streams.out, result.Text())
	return err
}
