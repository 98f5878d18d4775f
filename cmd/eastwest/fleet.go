package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
)

// fleetFlags say which fleet is meant: a file, or kubeconfigs and contexts.
type fleetFlags struct {
	file                   string
	kubeconfigs, contexts  []string
	platform, ca, revision string
	// reading is true where nothing but reading is asked of the fleet.
	reading bool
}

func (f *fleetFlags) register(set *pflag.FlagSet) {
	set.StringVar(&f.file, "fleet", fromEnv("FLEET", ""), "the fleet file (FLEET); see docs/fleet-file.md")
	set.StringArrayVar(&f.kubeconfigs, "kubeconfig", nil, "in place of a fleet file: a kubeconfig of the fleet, once for each or once for all")
	set.StringArrayVar(&f.contexts, "context", nil, "a context of the kubeconfigs, in their order; without any, each one's current context")
	set.StringVar(&f.platform, "platform", fromEnv("PLATFORM", ""), "the clusters' platform (PLATFORM), where the fleet file names none; see \"eastwest matrix\"")
	set.StringVar(&f.ca, "ca", fromEnv("CA", ""), "the mesh's certificate authority (CA), where the fleet file names none: istio, meshca or cas")
	set.StringVar(&f.revision, "revision", fromEnv("REVISION", ""), "the control planes' revision (REVISION), where there are several; with \"verify --suite revisions\" two of them, as OLD,NEW")
}

// given is whether the flags name any fleet.
func (f fleetFlags) given() bool { return f.file != "" || len(f.kubeconfigs)+len(f.contexts) > 0 }

// load reads and checks the fleet without touching a cluster.
func (f fleetFlags) load() (*fleetfile.File, error) {
	options := fleetfile.Options{Platform: f.platform, CA: f.ca, Revision: f.revision, Reading: f.reading, Machine: fleetfile.ThisMachine()}
	byContext := len(f.kubeconfigs)+len(f.contexts) > 0
	switch {
	case f.file != "" && byContext:
		return nil, errors.New("--fleet with --kubeconfig or --context: want one or the other; put the contexts into the fleet file")
	case f.file != "":
		return fleetfile.Load(f.file, options)
	case !byContext:
		return nil, errors.New("no fleet: give --fleet FILE (see docs/fleet-file.md), or --kubeconfig and --context for every cluster")
	}
	pairs, err := fleetfile.Pairs(f.kubeconfigs, f.contexts)
	if err != nil {
		return nil, err
	}
	return fleetfile.FromContexts(pairs, options)
}

func newFleetCommand(streams ioStreams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "Check the description of your clusters",
	}
	groupOnly(cmd)
	cmd.AddCommand(newFleetCheckCommand(streams))
	return cmd
}

func newFleetCheckCommand(streams ioStreams) *cobra.Command {
	var (
		flags  fleetFlags
		output string
	)
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a fleet file without touching a cluster",
		Long: `Reads a fleet file, or the fleet that --kubeconfig and --context describe, and
reports all problems at once: fields, names, contexts, API servers, credential
plugins, tools, images, platforms and CA. Then it prints the fleet as understood,
with defaults filled in. Contacts no cluster; "eastwest preflight" does.

The exit code is 0 when nothing is wrong, and 2 otherwise.`,
		Example: `  # check a fleet file
  eastwest fleet check --fleet fleet.yaml

  # two contexts of one kubeconfig
  eastwest fleet check --platform gdc-vmware --kubeconfig ~/.kube/config --context west --context east

  # for a program
  eastwest fleet check --fleet fleet.yaml -o json | jq -r '.problems[].text'`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return runFleetCheck(streams, flags, output) },
	}
	flags.register(cmd.Flags())
	cmd.Flags().StringVarP(&output, "output", "o", "table", "form of the output: table or json")
	return cmd
}

func runFleetCheck(streams ioStreams, flags fleetFlags, output string) error {
	if err := oneOf("output", output, "table", "json"); err != nil {
		return usageError(err)
	}
	file, err := flags.load()
	var invalid *fleetfile.Invalid
	switch {
	case errors.As(err, &invalid) && output == "json":
		if err := printJSON(streams.out, fleetCheckDocument(nil, invalid.Problems)); err != nil {
			return err
		}
		return quietError{code: codeUsage}
	case err != nil:
		return usageError(err)
	case output == "json":
		return printJSON(streams.out, fleetCheckDocument(file, nil))
	}
	return printFleet(streams.out, file)
}

// fleetCheck is the document of "eastwest fleet check -o json".
type fleetCheck struct {
	APIVersion string              `json:"apiVersion"`
	Kind       string              `json:"kind"`
	Valid      bool                `json:"valid"`
	Fleet      *fleetfile.File     `json:"fleet,omitempty"`
	Problems   []fleetfile.Problem `json:"problems,omitempty"`
}

func fleetCheckDocument(file *fleetfile.File, problems []fleetfile.Problem) fleetCheck {
	return fleetCheck{APIVersion: fleetfile.APIVersion, Kind: "FleetCheck", Valid: len(problems) == 0, Fleet: file, Problems: problems}
}

func printJSON(out io.Writer, document any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(document)
}

// printFleet prints what was understood.
func printFleet(out io.Writer, file *fleetfile.File) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"fleet", file.Name},
		{"CA", file.CA},
		{"fleet project", file.FleetProject},
		{"mesh ID", file.MeshID},
		{"sample namespace", file.Namespace + madeBeforehand(file.Existing)},
		{"istioctl", file.Tools.Istioctl},
		{"gateway script", file.Tools.GenGateway},
		{"asmcli", file.Tools.Asmcli},
		{"kubectl", file.Tools.Kubectl},
		{"samples", file.SamplesDir},
		{"HelloWorld image", file.Images.HelloWorld},
		{"Sleep image", file.Images.Sleep},
		{"echo image", file.Images.Echo},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], dash(row[1]))
	}
	fmt.Fprintln(table)
	fmt.Fprintln(table, "CLUSTER\tVERSION\tPLATFORM\tNETWORK\tREVISION\tAPI SERVER\tFOR OTHER CLUSTERS\tCONTEXT\tKUBECONFIG")
	for i, c := range file.Clusters {
		fmt.Fprintf(table, "%s\tv%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			c.Name, i+1, c.Platform, asked(c.Network), asked(c.Revision), c.Endpoint, dash(c.Server), c.Context, c.Kubeconfig)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, warning := range file.Warnings {
		if _, err := fmt.Fprintf(out, "\nwarning: %s\n", warning); err != nil {
			return err
		}
	}
	return nil
}

func madeBeforehand(existing bool) string {
	if existing {
		return " (made beforehand)"
	}
	return ""
}

func dash(value string) string {
	if value == "" {
		return "-"
	}
	return value
}

// asked is what a run asks the cluster for where the file does not say.
func asked(value string) string {
	if value == "" {
		return "(asked)"
	}
	return value
}
