package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
)

// matrixAPIVersion identifies the JSON document of "eastwest matrix -o json".
const matrixAPIVersion = "eastwest.dev/v1alpha1"

func newMatrixCommand(streams ioStreams) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "matrix",
		Short: "List platform and CA combinations, allowed or refused; \"run\" runs them",
		Long: `Prints the matrix of platforms and CAs. Each cell says where it is really
tested (--on), what its load balancer gives a gateway, whether it can be
rehearsed on the lab, and why it is allowed or refused.

A rehearsal has the traits of the platform, but tests neither the platform nor
its CA; every report of one says so.`,
		Example: `  # read the matrix
  eastwest matrix

  # run what this machine can (root)
  sudo eastwest matrix run

  # the cells that a nightly job can run on fleets
  eastwest matrix -o json | jq -r '.cells[] | select(.allowed and .home == "fleet") | "\(.platform) \(.ca)"'`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			switch output {
			case "table":
				return errors.Join(printMatrixTable(streams.out, cell.All()), printMixtures(streams.out, cell.Mixtures()))
			case "json":
				return printMatrixJSON(streams.out, cell.All())
			case "markdown":
				return printMatrixMarkdown(streams.out, cell.All())
			}
			return usageError(fmt.Errorf("--output %q: want table, json or markdown", output))
		},
	}
	cmd.AddCommand(newMatrixRunCommand(streams))
	cmd.Flags().StringVarP(&output, "output", "o", "table", "form of the output: table, json or markdown")
	return cmd
}

// printMatrixTable prints one line for each cell; reasons, which many cells
// share, follow as numbered notes.
func printMatrixTable(out io.Writer, cells []cell.Cell) error {
	var notes []string
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "PLATFORM\tCA\tCELL\tON\tADDRESS\tREHEARSAL\tENDS\tWHY")
	for _, c := range cells {
		why := fmt.Sprintf("%s (%s)", c.Reason, c.Source)
		if !slices.Contains(notes, why) {
			notes = append(notes, why)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t[%d]\n", c.Platform, c.CA,
			allowed(c), c.Home, c.LoadBalancer.Address, rehearsal(c), ends(c), slices.Index(notes, why)+1)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out)
	for i, note := range notes {
		if _, err := fmt.Fprintf(out, "[%d] %s\n", i+1, note); err != nil {
			return err
		}
	}
	return nil
}

// printMixtures prints which platforms may be one mesh, the pairs of one reason together.
func printMixtures(out io.Writer, mixtures []cell.Mixture) error {
	var reasons []string
	pairs := map[string][]string{}
	for _, m := range mixtures {
		why := fmt.Sprintf("%s: %s (%s)", permitted(m.Allowed), m.Reason, m.Source)
		if pairs[why] == nil {
			reasons = append(reasons, why)
		}
		pairs[why] = append(pairs[why], fmt.Sprintf("%s+%s", m.Platforms[0], m.Platforms[1]))
	}
	_, _ = fmt.Fprintf(out, "\nOne mesh over two platforms:\n")
	for _, why := range reasons {
		_, _ = fmt.Fprintf(out, "  %s\n    %s\n", why, strings.Join(pairs[why], " "))
	}
	reason, source := cell.MixedCAs()
	_, err := fmt.Fprintf(out, "One mesh with two CAs:\n  refused: %s (%s)\n", reason, source)
	return err
}

func allowed(c cell.Cell) string { return permitted(c.Allowed) }

func permitted(yes bool) string {
	if yes {
		return "allowed"
	}
	return "refused"
}

func rehearsal(c cell.Cell) string {
	if ok, _ := c.Rehearsable(); ok {
		return "yes"
	}
	return "-"
}

func ends(c cell.Cell) string {
	if c.Deprecation == nil {
		return "-"
	}
	return c.Deprecation.End
}

func printMatrixJSON(out io.Writer, cells []cell.Cell) error {
	type item struct {
		cell.Cell
		Rehearsable bool `json:"rehearsable"`
		// NotRehearsable says why it cannot be rehearsed.
		NotRehearsable string   `json:"notRehearsable,omitempty"`
		InstallFlags   []string `json:"installFlags,omitempty"`
	}
	document := struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Cells      []item `json:"cells"`
		// Mixtures are the pairs of platforms, allowed in one mesh or not.
		Mixtures []cell.Mixture `json:"mixtures"`
	}{APIVersion: matrixAPIVersion, Kind: "Matrix", Mixtures: cell.Mixtures()}
	for _, c := range cells {
		ok, why := c.Rehearsable()
		document.Cells = append(document.Cells, item{Cell: c, Rehearsable: ok, NotRehearsable: why, InstallFlags: c.InstallFlags()})
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}
