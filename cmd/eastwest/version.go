package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// versions is what "eastwest version" tells; as JSON, fields are only ever added.
type versions struct {
	Version string `json:"version"`
	// Commit and Modified are empty and false where the binary was not built in a checkout,
	// or by make, which leaves them out so that the same source makes the same bytes.
	Commit   string          `json:"commit,omitempty"`
	Modified bool            `json:"modified,omitempty"`
	Go       string          `json:"go"`
	Platform string          `json:"platform"`
	Parts    []parts.Version `json:"parts,omitempty"`
}

func newVersionCommand(streams ioStreams) *cobra.Command {
	var output string
	var withParts bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of eastwest and, with --parts, of what a lab is made of",
		Args:  checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			if err := oneOf("output", output, "text", "json"); err != nil {
				return usageError(err)
			}
			v := own()
			if withParts {
				var err error
				if v.Parts, err = parts.Pinned(); err != nil {
					return err
				}
			}
			if output == "json" {
				return printJSON(streams.out, v)
			}
			return v.print(streams)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "form: text or json")
	cmd.Flags().BoolVar(&withParts, "parts", false, "also list the programs that a lab is made of; nothing is built for it")
	return cmd
}

// release and commit are set by the linker alone, as .goreleaser.yaml says. Go by itself does
// not know what a snapshot is called, nor, in a linked worktree of git, the commit.
var release, commit string

// own is what the Go toolchain stamped into this binary.
func own() versions {
	v := versions{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Version, v.Commit = cmp.Or(release, info.Main.Version), commit
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func (v versions) print(streams ioStreams) error {
	fmt.Fprintf(streams.out, "eastwest %s, %s, %s\n", v.Version, v.Go, v.Platform)
	if v.Commit != "" {
		modified := ""
		if v.Modified {
			modified = ", with changes"
		}
		fmt.Fprintf(streams.out, "commit %s%s\n", v.Commit, modified)
	}
	if len(v.Parts) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(streams.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nPART\tVERSION\tMODULE")
	for _, p := range v.Parts {
		fmt.Fprintf(table, "%s\t%s\t%s\n", p.Name, p.Version, p.Module)
	}
	return table.Flush()
}
