package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/page"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/topology"
	"github.com/eastwest-mesh/eastwest/place"
)

type planFlags struct {
	platform, ca, on string
	clusters         string
	output           string
}

func newPlanCommand(streams ioStreams) *cobra.Command {
	var flags planFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Print what verify would do, step by step, and do nothing",
		Long: `Prints the plan that "eastwest verify" carries out: every step of the page, what
it promises and what it does on each cluster. No cluster is reached and nothing
is changed. As a shell script the plan does the same by hand; it holds no
secret, only the commands that make them.`,
		Example: `  # read the plan
  eastwest plan

  # the same as commands of a shell
  eastwest plan -o shell

  # for a program: the titles of all steps
  eastwest plan -o json | jq -r '.steps[].title'`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			made, format, err := flags.plan()
			if err != nil {
				return usageError(err)
			}
			return plan.Print(streams.out, made, format)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.platform, "platform", fromEnv("PLATFORM", "lab"), "the cell's platform (PLATFORM); see \"eastwest matrix\"")
	set.StringVar(&flags.ca, "ca", fromEnv("CA", "istio"), "the cell's certificate authority (CA): istio, meshca or cas")
	set.StringVar(&flags.on, "on", fromEnv("ON", "lab"), "where (ON): lab; kind and fleet are refused, not yet")
	set.StringVar(&flags.clusters, "clusters", fromEnv("CLUSTERS", "2"), "number of clusters (CLUSTERS)")
	set.StringVarP(&flags.output, "output", "o", string(plan.Text), "form of the output: text, shell or json")
	return cmd
}

// plan checks all flags, tells all that is wrong at once, and makes the plan.
func (f planFlags) plan() (plan.Plan, plan.Format, error) {
	asked, errCell := cell.Parse(f.platform, f.ca)
	errs := []error{
		errCell,
		verifyFlags{on: f.on}.checkPlace(asked, errCell == nil),
		oneOf("output", f.output, "text", "shell", "json"),
	}
	clusters, err := strconv.Atoi(f.clusters)
	if err != nil || clusters < 2 {
		errs = append(errs, fmt.Errorf("--clusters: want a number of at least 2, got %q", f.clusters))
	}
	if err := errors.Join(errs...); err != nil {
		return plan.Plan{}, "", err
	}
	specs, err := labSpecs(clusters)
	if err != nil {
		return plan.Plan{}, "", err
	}
	made, err := page.New(page.Options{Clusters: specs, Traits: place.NewLab(lab.Options{}).Traits()})
	return made, plan.Format(f.output), err
}

// labSpecs describes the clusters that a lab would have.
func labSpecs(n int) ([]fleet.ClusterSpec, error) {
	clusters, err := topology.Clusters(n)
	if err != nil {
		return nil, err
	}
	specs := make([]fleet.ClusterSpec, 0, n)
	for _, c := range clusters {
		specs = append(specs, fleet.ClusterSpec{
			Name: c.Name(), Kubeconfig: c.Name() + ".yaml", Context: c.Name(),
			Network: c.Network(), RemoteServer: c.Server(), Platform: "lab",
		})
	}
	return specs, nil
}
