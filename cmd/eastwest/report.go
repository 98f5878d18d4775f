package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
)

func newReportCommand(streams ioStreams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Render a run's report again, or merge the reports of several runs",
		Args:  checkedArgs(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReportRenderCommand(streams), newReportMergeCommand(streams))
	return cmd
}

type renderFlags struct{ from, format, out string }

func newReportRenderCommand(streams ioStreams) *cobra.Command {
	var flags renderFlags
	cmd := &cobra.Command{
		Use:   "render",
		Short: "Turn report.json into HTML, JUnit, Markdown or text",
		Long: `Renders the report.json of a run. It needs nothing else, so you can read a report
long after its clusters are gone.

The exit code tells whether the report could be rendered, not what it says.`,
		Example: `  # read the report of the last run
  eastwest report render --from artifacts/report.json

  # one HTML file to send to somebody
  eastwest report render --from artifacts/report.json --format html --out report.html

  # from a CI job's store
  curl -s "$URL" | eastwest report render --from - --format markdown`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return runReportRender(streams, flags) },
	}
	cmd.Flags().StringVar(&flags.from, "from", "artifacts/report.json", "the report.json of a run; - reads standard input")
	cmd.Flags().StringVar(&flags.format, "format", "terminal", "html, junit, markdown or terminal")
	cmd.Flags().StringVar(&flags.out, "out", "", "write to this file instead of standard output")
	return cmd
}

func runReportRender(streams ioStreams, flags renderFlags) error {
	render, err := renderer(streams, flags)
	if err != nil {
		return usageError(err)
	}
	made, err := readReport(streams, flags.from)
	if err != nil {
		return usageError(err)
	}
	out, err := render(made)
	if err != nil {
		return fmt.Errorf("render %s: %w", flags.from, err)
	}
	if flags.out == "" {
		_, err = streams.out.Write(out)
		return err
	}
	return run.WriteFile(flags.out, out)
}

// renderer picks the rendering that --format names.
func renderer(streams ioStreams, flags renderFlags) (func(report.Run) ([]byte, error), error) {
	switch flags.format {
	case "html":
		return report.HTML, nil
	case "junit":
		return report.JUnit, nil
	case "markdown":
		return func(r report.Run) ([]byte, error) { return report.Markdown(r), nil }, nil
	case "terminal":
		return func(r report.Run) ([]byte, error) {
			return []byte(report.Terminal(r, terminalOptions(streams, flags.out))), nil
		}, nil
	}
	return nil, fmt.Errorf("--format %q: want html, junit, markdown or terminal", flags.format)
}

// terminalOptions asks the terminal that standard output is, if it is one.
// NO_COLOR: no-color.org.
func terminalOptions(streams ioStreams, toFile string) report.TerminalOptions {
	file, ok := streams.out.(*os.File)
	if !ok || toFile != "" || !term.IsTerminal(int(file.Fd())) {
		return report.TerminalOptions{}
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		width = 0 // the rendering's own default
	}
	return report.TerminalOptions{Color: os.Getenv("NO_COLOR") == "", Width: width}
}

func newReportMergeCommand(streams ioStreams) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Merge the reports of several runs",
		Long: `Merges report.json files into junit.xml, reports.json and summary.md, and prints
a table of the runs. Each run may be given once.

The exit code tells whether the reports could be merged, not what they say.`,
		Example: `  # after a night over several fleets
  eastwest report merge night/*/report.json --out night`,
		Args: checkedArgs(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, files []string) error { return runReportMerge(streams, files, out) },
	}
	cmd.Flags().StringVar(&out, "out", "artifacts", "folder to write to; made if it does not exist")
	return cmd
}

func runReportMerge(streams ioStreams, files []string, out string) error {
	list, err := mergeReports(streams, files)
	if err != nil {
		return usageError(err)
	}
	junit, errJUnit := list.JUnit()
	document, errJSON := list.JSON()
	if err := errors.Join(errJUnit, errJSON); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("merge reports: %w", err)
	}
	err = errors.Join(
		run.WriteFile(filepath.Join(out, "junit.xml"), junit),
		run.WriteFile(filepath.Join(out, "reports.json"), document),
		run.WriteFile(filepath.Join(out, "summary.md"), list.Markdown()),
	)
	if err != nil {
		return err
	}
	_, err = io.WriteString(streams.out, list.Table())
	return err
}

// mergeReports reads all files and tells of all bad ones at once.
func mergeReports(streams ioStreams, files []string) (report.List, error) {
	var (
		runs []report.Run
		errs []error
	)
	for _, file := range files {
		one, err := readReport(streams, file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		runs = append(runs, one)
	}
	if err := errors.Join(errs...); err != nil {
		return report.List{}, err
	}
	return report.Merge(runs)
}

// readReport reads one report.json; "-" is standard input.
func readReport(streams ioStreams, from string) (report.Run, error) {
	if from == "-" {
		run, err := report.ReadJSON(streams.in)
		if err != nil {
			return report.Run{}, fmt.Errorf("standard input: %w", err)
		}
		return run, nil
	}
	content, err := os.ReadFile(from)
	if err != nil {
		return report.Run{}, fmt.Errorf("read report: %w; give the report.json that a run wrote into its --out folder", err)
	}
	run, err := report.ReadJSON(bytes.NewReader(content))
	if err != nil {
		return report.Run{}, fmt.Errorf("%s: %w", from, err)
	}
	return run, nil
}
