package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/diagnose"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/fleetfile"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/sample"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/place"
)

type diagnoseFlags struct {
	fleetFlags
	on, lab, namespace string
	calls              string
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

The exit code is 0 when every rung is sound, 1 when one is broken, and 3 when none
was found broken but not everything could be read.`,
		Example: `  # a lab with a mesh, broken on purpose
  sudo eastwest lab up --mesh
  sudo eastwest lab break exposure --cluster cluster2
  sudo eastwest diagnose

  # your own clusters
  eastwest diagnose --fleet fleet.yaml --namespace sample`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runDiagnose(cmd.Context(), streams, flags) },
	}
	flags.register(cmd.Flags())
	cmd.Flags().StringVar(&flags.on, "on", fromEnv("ON", ""), "where (ON): lab or fleet (default: fleet where one is given, else lab)")
	cmd.Flags().StringVar(&flags.lab, "lab", fromEnv("LAB", lab.DefaultName), "name of the running lab (LAB)")
	cmd.Flags().StringVar(&flags.namespace, "namespace", "", "namespace of HelloWorld and Sleep (default: the fleet file's, or sample)")
	cmd.Flags().StringVar(&flags.calls, "calls", "sized", "calls from each cluster's Sleep pod: a number, 0 for none, or sized: as many as a missing answer needs to be evidence")
	return cmd
}

// diagnoseBound is how long somebody waits for a diagnosis, however dead a cluster is.
// What was not read by then is told.
const diagnoseBound = 55 * time.Second

func runDiagnose(ctx context.Context, streams ioStreams, flags diagnoseFlags) error {
	calls, err := flags.callCount()
	if err != nil {
		return usageError(err)
	}
	silenceClients()
	ctx, cancel := context.WithTimeout(ctx, diagnoseBound)
	defer cancel()
	clusters, namespace, err := flags.connect(ctx, streams)
	if err != nil {
		return err
	}
	defer func() { _ = clusters.Close() }()
	facts := diagnose.Gather(ctx, clusters.Clusters, diagnose.Options{Namespace: cmp.Or(flags.namespace, namespace), Calls: calls})
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

// callCount reads the flag --calls.
func (f diagnoseFlags) callCount() (int, error) {
	if f.calls == "sized" {
		return diagnose.Sized, nil
	}
	n, err := strconv.Atoi(f.calls)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("--calls: want sized or a number of at least 0, got %q", f.calls)
	}
	return n, nil
}

// connect reaches the clusters that the flags name, and says where their sample is.
func (f diagnoseFlags) connect(ctx context.Context, streams ioStreams) (*fleet.Fleet, string, error) {
	on := placeFlags{fleetFlags: f.fleetFlags, on: f.on}.place()
	if err := oneOf("on", string(on), string(cell.OnLab), string(cell.OnFleet)); err != nil {
		return nil, "", usageError(err)
	}
	opts := fleet.Options{UserAgent: "diagnose", Bounds: kube.ReadingBounds(), Tolerate: true}
	if on == cell.OnFleet {
		file, err := f.load()
		if err != nil {
			return nil, "", usageError(err)
		}
		specs, err := fleetSpecs(ctx, streams, file)
		if err != nil {
			return nil, "", err
		}
		clusters, err := fleet.Connect(ctx, specs, opts)
		return clusters, file.Namespace, err
	}
	running, err := lab.Open(lab.Options{Name: f.lab})
	if err != nil {
		return nil, "", err
	}
	opts.TempDir = place.LabTraits(running).StateDir
	clusters, err := fleet.Connect(ctx, place.Specs(running), opts)
	return clusters, sample.DefaultNamespace, err
}

// fleetSpecs asks a fleet's clusters for what its description leaves open. A
// mesh that is to be diagnosed may not be able to answer: then the description
// must do.
func fleetSpecs(ctx context.Context, streams ioStreams, file *fleetfile.File) ([]fleet.ClusterSpec, error) {
	specs, err := place.NewFleet(place.FleetOptions{File: file, Progress: streams.errOut}).Create(ctx, 0)
	if err == nil {
		return specs, nil
	}
	specs = file.Specs()
	if slices.ContainsFunc(specs, func(c fleet.ClusterSpec) bool { return c.Network == "" }) {
		return nil, fmt.Errorf("%w; to be diagnosed all the same, the clusters need their networks in the fleet file", err)
	}
	return specs, nil
}
