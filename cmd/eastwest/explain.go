package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/checks"
)

func newExplainCommand(streams ioStreams) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "explain [ID]",
		Short: "Explain a check, or list all of them",
		Long: `Explains what a check looks at, why it matters, how severe a finding is, and its
source. Without an ID it lists all checks. IDs are grouped by their first two
digits: 01 access, 02 install, 03 revision and injection, 04 network and gateway,
05 discovery, 06 trust, 07 policy and routing, 08 traffic.`,
		Example: `  # what a finding of diagnose means
  eastwest explain EW0501

  # all checks, as docs/checks.md
  eastwest explain -o markdown > docs/checks.md`,
		Args: checkedArgs(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := oneOf("output", output, "text", "markdown"); err != nil {
				return usageError(err)
			}
			if len(args) == 1 {
				return explain(streams.out, args[0])
			}
			if output == "markdown" {
				_, err := io.WriteString(streams.out, checks.Markdown())
				return err
			}
			return listChecks(streams.out)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "form of the list: text or markdown")
	return cmd
}

func explain(out io.Writer, id string) error {
	check, ok := checks.Find(strings.ToUpper(id))
	if !ok {
		return usageError(fmt.Errorf("there is no check %q; \"eastwest explain\" lists them", id))
	}
	_, err := io.WriteString(out, check.Text())
	return err
}

func listChecks(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, check := range checks.All() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", check.ID, check.Severity, check.Title)
	}
	return table.Flush()
}
