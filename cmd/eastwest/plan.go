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
	release, lab     string
	output           string
}

func newPlanCommand(streams ioStreams) *cobra.Command {
	var flags planFlags
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Print what verify would do, step by step, and do nothing",
		Long: `Prints the plan that "eastwest verify" carries out: every step of the page, what
it promises and what it does on each cluster. No cluster is reached and nothing
is changed. As a shell script the plan does the same by hand, without eastwest;
it holds no secret, only the commands that make them. Its variables stand at the
top and may be given in the environment instead.

A cell that only a fleet can prove is printed with the page's placeholders.`,
		Example: `  # read the plan
  eastwest plan

  # the same as a script, for a running lab, with the page's own proof at the end
  eastwest plan --lab eastwest -o shell > page.sh
  PROVE=1 eastwest lab exec -- bash page.sh

  # a cell that only a fleet can prove, with flags for an older control plane
  eastwest plan --platform gdc-vmware --ca meshca --mesh-release 1.19 -o shell

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
	set.StringVar(&flags.on, "on", fromEnv("ON", ""), "where (ON): lab or fleet (default: lab where the cell can be rehearsed there, else fleet)")
	set.StringVar(&flags.clusters, "clusters", fromEnv("CLUSTERS", "2"), "number of clusters (CLUSTERS)")
	set.StringVar(&flags.release, "mesh-release", newestRules, "release of a fleet's control planes and istioctl, which decides about flags")
	set.StringVar(&flags.lab, "lab", "", "name of a running lab, whose files and images the plan then names")
	set.StringVarP(&flags.output, "output", "o", string(plan.Text), "form of the output: text, shell or json")
	return cmd
}

// newestRules is the release from which on flags are as they are today.
const newestRules = "1.24"

// plan checks all flags, tells all that is wrong at once, and makes the plan.
func (f planFlags) plan() (plan.Plan, plan.Format, error) {
	asked, errCell := cell.Parse(f.platform, f.ca)
	release, errRelease := cell.ParseVersion(f.release)
	if errRelease != nil {
		errRelease = fmt.Errorf("--mesh-release: %w", errRelease)
	}
	on := f.place(asked)
	errs := []error{errCell, checkPlanPlace(on, asked, errCell == nil), errRelease, oneOf("output", f.output, "text", "shell", "json")}
	clusters, err := strconv.Atoi(f.clusters)
	if err != nil || clusters < 2 {
		errs = append(errs, fmt.Errorf("--clusters: want a number of at least 2, got %q", f.clusters))
	}
	if err := errors.Join(errs...); err != nil {
		return plan.Plan{}, "", err
	}
	opts := page.Outline(asked, clusters, release)
	if on == string(cell.OnLab) {
		if opts, err = f.labOutline(asked, clusters); err != nil {
			return plan.Plan{}, "", err
		}
	}
	made, err := page.New(opts)
	return made, plan.Format(f.output), err
}

// place is where the plan is for: where it was asked for, or else where
// "eastwest verify" would run the cell.
func (f planFlags) place(asked cell.Cell) string {
	rehearsable, _ := asked.Rehearsable()
	switch {
	case f.on != "":
		return f.on
	case asked.Allowed && asked.Home == cell.OnFleet && !rehearsable:
		return string(cell.OnFleet)
	default:
		return string(cell.OnLab)
	}
}

// checkPlanPlace is like that of verify, except that a fleet's plan can be read
// without the fleet.
func checkPlanPlace(on string, asked cell.Cell, known bool) error {
	if on != string(cell.OnFleet) {
		return verifyFlags{on: on}.checkPlace(asked, known)
	}
	if known && asked.Home != cell.OnFleet {
		return fmt.Errorf("--on fleet: platform %s is made on this machine; use --on %s", asked.Platform, asked.Home)
	}
	return nil
}

// labOutline is what a plan on the lab is made with: a running one, or any.
func (f planFlags) labOutline(asked cell.Cell, clusters int) (page.Options, error) {
	var opts page.Options
	if f.lab == "" {
		specs, err := labSpecs(clusters)
		if err != nil {
			return opts, err
		}
		opts = page.Options{Clusters: specs, Traits: place.NewLab(lab.Options{}).Traits()}
		opts.Notes = []string{"the tag of Istio's images follows from the lab's parts; with --lab the plan is that of a running lab"}
	} else {
		l, err := lab.Open(lab.Options{Name: f.lab})
		if err != nil {
			return opts, fmt.Errorf("--lab %s: %w", f.lab, err)
		}
		specs := place.Specs(l)
		if len(specs) < clusters {
			return opts, fmt.Errorf("--lab %s: it has %d clusters, %d are wanted", f.lab, len(specs), clusters)
		}
		opts = page.Options{Clusters: specs[:clusters], Traits: place.LabTraits(l)}
		opts.Traits.Tools.GenGateway = l.Program(genGatewayScript)
	}
	if asked.Platform != cell.Lab {
		opts.Notes = append(opts.Notes, fmt.Sprintf("a rehearsal on the lab: nothing of %s is tested", asked.Title))
	}
	return opts, nil
}

// genGatewayScript lies beside the lab's istioctl.
const genGatewayScript = "gen-eastwest-gateway.sh"

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
