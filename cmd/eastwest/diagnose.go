package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/diagnose"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/sample"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/place"
)

type diagnoseFlags struct {
	on, lab, namespace string
	calls              int
}

func newDiagnoseCommand(streams ioStreams) *cobra.Command {
	var flags diagnoseFlags
	cmd := &cobra.Command{
		Use:   "diagnose",
		Short: "Say which link of a running mesh is broken and what to do; reads only",
		Long: `Climbs from the API servers over istiod, networks, gateways, exposure, discovery,
trust, injection and policy to the calls themselves, on all clusters at once.
The lowest broken rung is the cause; what is broken above it is told as a
consequence. Nothing is changed; where the sample runs, its Sleep pods make a
few calls.

The exit code is 0 when every rung is sound and 1 when one is broken.`,
		Example: `  # a lab with a mesh, broken on purpose
  sudo eastwest lab up --mesh
  sudo eastwest lab break exposure --cluster cluster2
  sudo eastwest diagnose`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runDiagnose(cmd.Context(), streams, flags) },
	}
	cmd.Flags().StringVar(&flags.on, "on", fromEnv("ON", "lab"), "where (ON): lab; fleet is refused, not yet")
	cmd.Flags().StringVar(&flags.lab, "lab", fromEnv("LAB", lab.DefaultName), "name of the running lab (LAB)")
	cmd.Flags().StringVar(&flags.namespace, "namespace", sample.DefaultNamespace, "namespace of HelloWorld and Sleep")
	cmd.Flags().IntVar(&flags.calls, "calls", 8, "calls from each cluster's Sleep pod; 0 makes none")
	return cmd
}

func runDiagnose(ctx context.Context, streams ioStreams, flags diagnoseFlags) error {
	if err := oneOf("on", flags.on, "lab", "fleet"); err != nil {
		return usageError(err)
	}
	if flags.on == "fleet" {
		return usageError(fmt.Errorf("--on fleet: not yet; use --on lab"))
	}
	running, err := lab.Open(lab.Options{Name: flags.lab})
	if err != nil {
		return err
	}
	clusters, err := fleet.Connect(ctx, place.Specs(running), fleet.Options{UserAgent: "diagnose", TempDir: place.LabTraits(running).StateDir})
	if err != nil {
		return err
	}
	defer func() { _ = clusters.Close() }()
	facts := diagnose.Gather(ctx, clusters.Clusters, diagnose.Options{Namespace: flags.namespace, Calls: flags.calls})
	diagnosis := diagnose.Judge(facts)
	if _, err := fmt.Fprint(streams.out, diagnosis.Text()); err != nil {
		return err
	}
	switch {
	case !diagnosis.Healthy():
		return quietError{code: codeNonConformant}
	case len(diagnosis.Unread) > 0:
		return quietError{code: codeInconclusive}
	}
	return nil
}
