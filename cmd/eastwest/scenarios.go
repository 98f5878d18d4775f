package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newScenariosCommand(streams ioStreams) *cobra.Command {
	return &cobra.Command{
		Use:   "scenarios",
		Short: "List the scenarios that verify runs",
		Args:  checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			table := tabwriter.NewWriter(streams.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "SUITE\tSCENARIO\tCLUSTERS\tPROMISE")
			for _, suite := range suites() {
				for _, s := range suite.Scenarios {
					fmt.Fprintf(table, "%s\t%s\t%d or more\t%s\n", suite.Name, s.ID, s.Needs.Clusters, s.Promise)
				}
			}
			return table.Flush()
		},
	}
}
