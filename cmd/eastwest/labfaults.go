package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/faults"
)

func newLabFaultCommands(streams ioStreams, flags *labFlags) []*cobra.Command {
	breaking := newLabFaultCommand(streams, flags, "break", "Break the running lab's mesh with a real fault", faults.Fault.Break)
	breaking.Long = breaking.Short + ". The faults, and the check that finds each:\n\n" + faultTable()
	mending := newLabFaultCommand(streams, flags, "mend", "Undo a fault of \"eastwest lab break\"", faults.Fault.Mend)
	return []*cobra.Command{breaking, mending}
}

type faultAction func(f faults.Fault, ctx context.Context, l *lab.Lab, cluster string) error

func newLabFaultCommand(streams ioStreams, flags *labFlags, verb, short string, do faultAction) *cobra.Command {
	var cluster string
	cmd := &cobra.Command{
		Use:     verb + " FAULT",
		Short:   short,
		Example: fmt.Sprintf("  sudo eastwest lab %s remote-secret --cluster cluster1", verb),
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return usageError(err)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := faults.Find(args[0])
			if err != nil {
				return usageError(err)
			}
			l, err := lab.Open(flags.options(streams))
			if err != nil {
				return err
			}
			if err := do(f, cmd.Context(), l, cluster); err != nil {
				return err
			}
			fmt.Fprintf(streams.errOut, "lab: %s %s on %s: done\n", verb, f.Name, cluster)
			return nil
		},
	}
	cmd.Flags().StringVar(&cluster, "cluster", "cluster1", "the cluster to break or mend")
	return cmd
}

func faultTable() string {
	var table strings.Builder
	for _, f := range faults.All() {
		fmt.Fprintf(&table, "  %-19s %s: %s\n", f.Name, f.Check, f.Breaks)
	}
	return table.String()
}
