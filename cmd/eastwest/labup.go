package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

func newLabUpCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	var withMesh, withIstiod, withCNI, prepareOnly bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a lab and leave it running",
		Example: `  sudo eastwest lab up --clusters 3
  export KUBECONFIG=$(eastwest lab kubeconfig)
  kubectl --context cluster2 get pods -A

  # two clusters on one network, with a mesh that needs no gateway
  sudo eastwest lab up --network cluster2=network1 --mesh

  # a mesh of Istio 1.28.2, to try an upgrade of it
  sudo eastwest lab up --istio 1.28.2 --mesh
  sudo eastwest lab istiod add --cluster cluster1 --revision 1-29-1 --istio 1.29.1

  # cluster2 is served by the istiod of cluster1
  sudo eastwest lab up --primary cluster2=cluster1 --mesh`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if prepareOnly {
				return lab.Prepare(cmd.Context(), flags.options(streams))
			}
			switch {
			case withMesh && withIstiod:
				return usageError(errors.New("--mesh and --istiod: want one of them; the mesh has the control planes"))
			case len(flags.primaries) > 0 && !withMesh:
				return usageError(errors.New("--primary: want --mesh with it; which control plane serves a cluster is a matter of the mesh"))
			case flags.trustDomain != "" && !withMesh && !withIstiod:
				return usageError(errors.New("--trust-domain: want --mesh or --istiod with it; it is a setting of the control plane"))
			case withCNI && !withMesh && !withIstiod:
				return usageError(errors.New("--istio-cni: want --mesh or --istiod with it; it is a part of the control plane"))
			}
			l, err := runLabUp(cmd.Context(), streams, *flags)
			if err != nil {
				return err
			}
			if !withMesh && !withIstiod {
				return tellUp(streams, l)
			}
			setup := labSetup(streams, l)
			setup.Traits.CNI = withCNI
			if withIstiod {
				setup.Extent = run.OnlyControlPlanes
			}
			if err := run.SetUp(cmd.Context(), setup); err != nil {
				return fmt.Errorf("%w\nthe lab itself is running; \"eastwest lab down\" ends it", err)
			}
			return tellUp(streams, l)
		},
	}
	cmd.Flags().IntVar(&flags.clusters, "clusters", 2, "number of clusters")
	registerEnvoy(cmd.Flags(), &flags.envoy)
	cmd.Flags().StringVar(&flags.istio, "istio", "", "version of Istio: "+strings.Join(parts.IstioVersions(), ", ")+" (default "+parts.HeadIstio+"); each but the default is built when it is first asked for")
	cmd.Flags().StringVar(&flags.trustDomain, "trust-domain", "", "with --mesh or --istiod: the mesh's trust domain (default cluster.local)")
	cmd.Flags().StringVar(&flags.balancing, "balancers", string(cell.Lab), "platform whose load balancers are imitated: aws and eks give a host name with several addresses, late")
	cmd.Flags().StringToStringVar(&flags.networks, "network", nil, "clusters that share a network, such as cluster2=network1,cluster3=network1: pods of one network reach each other; the others have one each")
	cmd.Flags().StringToStringVar(&flags.primaries, "primary", nil, "with --mesh: clusters without a control plane of their own, and whose serves them (primary-remote), such as cluster2=cluster1")
	cmd.Flags().BoolVar(&withMesh, "mesh", false, "also set up the mesh, the gateways and the sample, and leave them")
	cmd.Flags().BoolVar(&flags.audit, "audit", false, "also keep the API servers' audit logs; \"eastwest lab status\" says where, until the lab is down")
	cmd.Flags().BoolVar(&withIstiod, "istiod", false, "also set up a control plane in each cluster, as asmcli install leaves them")
	cmd.Flags().BoolVar(&withCNI, "istio-cni", false, "with --mesh or --istiod: capture pods' traffic by Istio's CNI plugin, as Pod Security \"restricted\" wants it, not by an init container")
	cmd.Flags().BoolVar(&prepareOnly, "prepare-only", false, "build and cache everything, start nothing")
	return cmd
}

func runLabUp(ctx context.Context, streams ioStreams, flags labFlags) (*lab.Lab, error) {
	if err := flags.check(); err != nil {
		return nil, usageError(err)
	}
	options, err := flags.balanced(streams)
	if err != nil {
		return nil, usageError(err)
	}
	l, err := lab.Up(ctx, options)
	var running *lab.RunningError
	if errors.As(err, &running) {
		return nil, usageError(err)
	}
	return l, err
}

func tellUp(streams ioStreams, l *lab.Lab) error {
	_, err := fmt.Fprintf(streams.out, "lab %q is up. For kubectl:\n  export KUBECONFIG=%s\n", l.State.Name, l.Kubeconfig())
	return err
}
