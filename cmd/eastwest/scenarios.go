package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/scenarios"
)

func newScenariosCommand(streams ioStreams) *cobra.Command {
	return &cobra.Command{
		Use:   "scenarios",
		Short: "List the scenarios that verify runs",
		Args:  checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			table := tabwriter.NewWriter(streams.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "SCENARIO\tCLUSTERS\tPROMISE")
			for _, s := range scenarios.Basic() {
				fmt.Fprintf(table, "%s\t%d or more\t%s\n", s.ID, s.Needs.Clusters, s.Promise)
			}
			return table.Flush()
		},
	}
}
