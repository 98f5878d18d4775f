package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

type planFlags struct {
	environmentFlags
	release string
	output  string
	running bool
}

func newPlanCommand(streams ioStreams) *cobra.Command {
	flags := planFlags{environmentFlags: environmentFlags{outline: true}}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Print what verify would do, step by step, and do nothing",
		Long: `Prints the plan that "eastwest verify" carries out: every step of the guide, what
it promises and what it does on each cluster. Changes nothing. Only a fleet's
clusters are contacted, to read their networks and revisions. With -o shell the
plan is a script that does the same without eastwest. It holds no secrets, only
the commands that make them; set its variables at the top or in the environment.

A cell that only a fleet can prove is printed with the guide's placeholders.`,
		Example: `  # read the plan
  eastwest plan

  # the same as a script, for a running lab, with the guide's own proof at the end
  eastwest plan --running -o shell > guide.sh
  PROVE=1 eastwest lab exec -- bash guide.sh

  # a cell that only a fleet can prove, with flags for an older control plane
  eastwest plan --platform gdc-vmware --ca meshca --mesh-release 1.19 -o shell

  # your own clusters
  eastwest plan --fleet fleet.yaml -o shell

  # for a program: the titles of all steps
  eastwest plan -o json | jq -r '.steps[].title'`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runPlan(cmd.Context(), streams, flags) },
	}
	set := cmd.Flags()
	flags.register(set)
	set.StringVar(&flags.release, "mesh-release", cell.NewestRules, "release of a fleet's control planes and istioctl, which decides about flags")
	set.BoolVar(&flags.running, "running", false, "plan for the running lab (LAB): its files, images and scripts")
	set.StringVarP(&flags.output, "output", "o", string(plan.Text), "form of the output: text, shell or json")
	return cmd
}

// runPlan checks all flags, tells all that is wrong at once, and prints the plan.
func runPlan(ctx context.Context, streams ioStreams, flags planFlags) error {
	w, errWhere := flags.resolve()
	release, errRelease := cell.ParseVersion(flags.release)
	if errRelease != nil {
		errRelease = fmt.Errorf("--mesh-release: %w", errRelease)
	}
	// A cell that cannot be proved on the lab can be read as a fleet's, unless
	// the lab was asked for.
	var elsewhere *elsewhereError
	if flags.on == "" && errors.As(errWhere, &elsewhere) {
		w, errWhere = elsewhere.where, nil
		w.on = cell.OnFleet
	}
	errs := []error{errWhere, errRelease, oneOf("output", flags.output, "text", "shell", "json")}
	if err := errors.Join(errs...); err != nil {
		return usageError(err)
	}
	opts, err := flags.options(ctx, streams, w, release)
	if err != nil {
		return err
	}
	made, err := run.NewPlan(opts)
	if err != nil {
		return err
	}
	return plan.Print(streams.out, made, plan.Format(flags.output))
}

// options are what the guide is planned with.
func (f planFlags) options(ctx context.Context, streams ioStreams, w where, release cell.Version) (run.PlanOptions, error) {
	switch {
	case w.fleet != nil:
		return fleetOptions(ctx, streams, w)
	case w.on == cell.OnFleet:
		return run.Outline(w.cell, w.clusters, release), nil
	case w.on == cell.OnKind:
		provider, err := w.provider(f.environmentFlags, streams)
		if err != nil {
			return run.PlanOptions{}, err
		}
		return run.PlanOptions{Clusters: providers.PlannedKindSpecs(w.clusters), Traits: provider.Traits()}, nil
	default:
		return f.labOutline(w.cell, w.clusters)
	}
}

// fleetOptions asks the clusters of a fleet for what its description leaves
// open, and its istioctl for the flags that it takes.
func fleetOptions(ctx context.Context, streams ioStreams, w where) (run.PlanOptions, error) {
	provider, err := w.provider(environmentFlags{}, streams)
	if err != nil {
		return run.PlanOptions{}, err
	}
	specs, err := provider.Create(ctx, w.clusters)
	if err != nil {
		return run.PlanOptions{}, err
	}
	traits := provider.Traits()
	connected, err := fleet.Connect(ctx, specs, fleet.Options{Bounds: traits.Bounds, UserAgent: "plan"})
	if err != nil {
		return run.PlanOptions{}, err
	}
	tooling, err := settle(ctx, streams, connected, w.cell, traits)
	if err := errors.Join(err, connected.Close()); err != nil {
		return run.PlanOptions{}, err
	}
	return run.PlanOptions{
		Clusters: connected.Specs(), Traits: traits, MeshID: w.fleet.MeshID, FleetID: w.fleet.FleetProject, Namespace: w.fleet.Namespace, Existing: w.fleet.Existing,
		PilotCertProvider: tooling.PilotCertProvider, GatewayFlags: tooling.GatewayFlags, Notes: tooling.Notes,
	}, nil
}

// settle finds out what verify would: what the fleet leaves open, and the flags of the control
// planes that are there.
func settle(ctx context.Context, streams ioStreams, connected *fleet.Fleet, asked cell.Cell, traits fleet.Traits) (mesh.Tooling, error) {
	found, err := istio.Settle(ctx, connected.Clusters)
	if err != nil {
		return mesh.Tooling{}, err
	}
	for _, one := range found {
		for _, line := range one.Lines() {
			fmt.Fprintf(streams.errOut, "fleet: %s\n", line)
		}
	}
	return mesh.FindTooling(ctx, asked, traits.Tools.Istioctl, connected.Clusters, traits.Bounds)
}

// labOutline is what a plan on the lab is made with: a running one, or any.
func (f planFlags) labOutline(asked cell.Cell, clusters int) (run.PlanOptions, error) {
	var opts run.PlanOptions
	if !f.running {
		specs, err := providers.PlannedLabSpecs(clusters)
		if err != nil {
			return opts, err
		}
		opts = run.PlanOptions{Clusters: specs, Traits: providers.NewLab(lab.Options{}).Traits()}
		opts.Notes = []string{"the tag of Istio's images follows from the lab's parts; with --running the plan is that of a running lab"}
	} else {
		l, err := lab.Open(lab.Options{Name: f.lab})
		if err != nil {
			return opts, fmt.Errorf("--running: lab %q: %w", f.lab, err)
		}
		specs := providers.Specs(l)
		if len(specs) < clusters {
			return opts, fmt.Errorf("--running: lab %q has %d clusters, %d are wanted", f.lab, len(specs), clusters)
		}
		opts = run.PlanOptions{Clusters: specs[:clusters], Traits: providers.LabTraits(l)}
		opts.Traits.Tools.GenGateway = l.Program(providers.GenGatewayScript)
	}
	if asked.Platform != cell.Lab {
		opts.Notes = append(opts.Notes, fmt.Sprintf("a rehearsal on the lab: nothing of %s is tested", asked.Title))
	}
	return opts, nil
}
