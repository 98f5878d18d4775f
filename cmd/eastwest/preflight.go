package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/preflight"
	"github.com/eastwest-mesh/eastwest/framework/sample"
)

type preflightFlags struct {
	fleetFlags
	setup, output string
}

func newPreflightCommand(streams ioStreams) *cobra.Command {
	var flags preflightFlags
	cmd := &cobra.Command{
		Use:   "preflight",
		Short: "Look at a fleet before a run, and say what would go wrong; reads only",
		Long: `Checks the fleet as "eastwest fleet check" does, then asks all clusters in
parallel: whether each is reached and is another one, whether the user may do
all that a run does, control planes and their versions, the networks, CA and
root certificates, trust domains, what of the page is there already. Everything
is told at once, with what to do. Nothing is changed.

The exit code is 0 when a run can begin, warnings or not; 2 when something is
refused; 3 when something could not be found out.`,
		Example: `  # look at a fleet
  eastwest preflight --fleet fleet.yaml

  # what is refused, for a program
  eastwest preflight --fleet fleet.yaml -o json | jq -r '.checks[] | select(.status == "refused") | .found'`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runPreflight(cmd.Context(), streams, flags) },
	}
	flags.register(cmd.Flags())
	cmd.Flags().StringVar(&flags.setup, "setup", fromEnv("SETUP", setupReuse), "what the run will do (SETUP): install the mesh, or reuse the one that is there")
	cmd.Flags().StringVarP(&flags.output, "output", "o", "text", "form of the output: text or json")
	return cmd
}

func runPreflight(ctx context.Context, streams ioStreams, flags preflightFlags) error {
	file, err := flags.load()
	if err := errors.Join(oneOf("setup", flags.setup, setupInstall, setupReuse), oneOf("output", flags.output, "text", "json"), err); err != nil {
		return usageError(err)
	}
	silenceClients()
	pods, err := sample.Pods(sample.Options{Namespace: file.Namespace, Images: file.Images.AsImages(), Workload: file.Workload})
	if err != nil {
		return err
	}
	result := preflight.Run(ctx, preflight.Options{
		Clusters: file.Specs(), CA: cell.CA(file.CA), Namespace: file.Namespace, Existing: file.Existing, Pods: pods,
		Reuse: flags.setup == setupReuse, Asmcli: file.Tools.Asmcli != "",
	})
	if err := printPreflight(streams, file.Warnings, result, flags.output); err != nil {
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
