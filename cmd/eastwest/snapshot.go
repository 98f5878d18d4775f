package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

type snapshotFlags struct {
	readingFlags
	out       string
	anonymize bool
}

func newSnapshotCommand(streams ioStreams) *cobra.Command {
	var flags snapshotFlags
	cmd := &cobra.Command{
		Use:   "snapshot",
		Short: "Save a mesh to a file that can be judged elsewhere; reads only",
		Long: `Reads every cluster once, as "eastwest diagnose" does, and writes JSON. "eastwest
diagnose --snapshot FILE" judges it without a cluster; "eastwest snapshot diff" says
what changed between two. The file holds no tokens, no keys and nothing of Secrets
but certificates. --anonymize replaces names and addresses, each by the same
stand-in everywhere.`,
		Example: `  # for a bug report
  eastwest snapshot --context west --context east --anonymize -o mesh.json

  # what changed since it last worked
  eastwest snapshot diff monday.json today.json`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runSnapshot(cmd.Context(), streams, flags) },
	}
	flags.registerReading(cmd.Flags())
	cmd.Flags().StringVarP(&flags.out, "out", "o", "-", "the file; - for standard output")
	cmd.Flags().BoolVar(&flags.anonymize, "anonymize", false, "replace names and addresses by stand-ins")
	cmd.AddCommand(newSnapshotDiffCommand(streams))
	return cmd
}

func runSnapshot(ctx context.Context, streams ioStreams, flags snapshotFlags) error {
	snapshot, _, err := flags.take(ctx, streams)
	if err != nil {
		return err
	}
	if flags.anonymize {
		if snapshot, err = istio.Anonymize(snapshot); err != nil {
			return err
		}
	}
	if flags.out == "-" {
		return snapshot.Save(streams.out)
	}
	if err := saveSnapshot(snapshot, flags.out); err != nil {
		return err
	}
	fmt.Fprintf(streams.errOut, "snapshot of %d clusters: %s\n", len(snapshot.Clusters), flags.out)
	return nil
}

func newSnapshotDiffCommand(streams ioStreams) *cobra.Command {
	return &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Say what changed between two snapshots",
		Long: `Compares two snapshots: control planes, networks, gateways, remote secrets and where
they lead, certificates, Istio's resources, workloads. Leaves out what changes by
itself (counters, pod addresses, calls) and what either snapshot could not read.

The exit code is 0 when nothing changed, and 1 otherwise.`,
		Example: `  eastwest snapshot diff monday.json today.json`,
		Args:    checkedArgs(cobra.ExactArgs(2)),
		RunE: func(_ *cobra.Command, args []string) error {
			before, errBefore := loadSnapshot(args[0])
			after, errAfter := loadSnapshot(args[1])
			if err := errors.Join(errBefore, errAfter); err != nil {
				return usageError(err)
			}
			changes := istio.Diff(before, after)
			for _, change := range changes {
				if _, err := fmt.Fprintln(streams.out, change); err != nil {
					return err
				}
			}
			if len(changes) > 0 {
				return quietError{code: codeNonConformant}
			}
			return nil
		},
	}
}
