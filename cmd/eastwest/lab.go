package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

// labFlags are common to all commands about the lab.
type labFlags struct {
	name, cache, envoy string
	clusters           int
	balancing          string
	audit              bool
	// networks and primaries are the shape of the mesh, by the clusters' names.
	networks, primaries map[string]string
}

func (f labFlags) options(streams ioStreams) lab.Options {
	return lab.Options{Name: f.name, Cache: f.cache, Envoy: f.envoy, Clusters: f.clusters, Audit: f.audit, Networks: f.networks, Primaries: f.primaries, Progress: streams.errOut}
}

// balanced are options with the load balancers of the platform that was asked for.
func (f labFlags) balanced(streams ioStreams) (lab.Options, error) {
	asked, err := cell.Parse(f.balancing, string(cell.Istio))
	if err != nil {
		return lab.Options{}, fmt.Errorf("--balancers: %w", err)
	}
	imitator := providers.NewLab(f.options(streams))
	imitator.Imitate(run.Balancing(asked))
	return imitator.Options(), nil
}

func (f labFlags) check() error {
	if f.clusters < 1 || f.clusters > lab.MaxClusters {
		return fmt.Errorf("--clusters: want 1 to %d, got %d", lab.MaxClusters, f.clusters)
	}
	return lab.Options{Name: f.name, Cache: f.cache, Clusters: f.clusters, Networks: f.networks, Primaries: f.primaries}.Check()
}

func newLabCommand(streams ioStreams) *cobra.Command {
	var flags labFlags
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Make real Kubernetes clusters on this machine, without Docker and without a registry",
		Long: `The lab is N real Kubernetes clusters on this machine, each with its own network:
etcd, the control plane, containerd, kubelet, kube-proxy and CoreDNS, built from
their Go modules. It runs in a sandbox: when the sandbox's first process dies,
the kernel ends all of it.

It needs root on Linux. The first start builds everything, which takes a
quarter of an hour on two cores; later ones take seconds.`,
	}
	groupOnly(cmd)
	cmd.PersistentFlags().StringVar(&flags.name, "name", lab.DefaultName, "name of the lab; labs of different names do not know each other")
	cmd.PersistentFlags().StringVar(&flags.cache, "cache", "", "folder for built parts and the lab's files (default: EASTWEST_CACHE, or eastwest in the user's cache folder)")
	cmd.AddCommand(
		newLabUpCommand(streams, &flags),
		newLabDownCommand(streams, &flags),
		newLabStatusCommand(streams, &flags),
		newLabKubeconfigCommand(streams, &flags),
		newLabExecCommand(streams, &flags),
		newLabFleetCommand(streams, &flags),
		newLabIstiodCommand(streams, &flags),
	)
	cmd.AddCommand(newLabFaultCommands(streams, &flags)...)
	cmd.AddCommand(newLabInsideCommands(streams)...)
	return cmd
}

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

func newLabDownCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the lab, running or crashed, and remove everything of it but the cache",
		Args:  checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := lab.Down(cmd.Context(), flags.options(streams))
			if err != nil {
				return err
			}
			if !found {
				fmt.Fprintf(streams.out, "no lab %q is running, and nothing of one is left\n", flags.name)
				return nil
			}
			fmt.Fprintf(streams.out, "lab %q is gone\n", flags.name)
			return nil
		},
	}
}

func newLabStatusCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the running lab, its clusters and the versions of its parts",
		Args:  checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lab.Open(flags.options(streams))
			if err != nil {
				return err
			}
			return printLab(cmd.Context(), streams, l)
		},
	}
}

func printLab(ctx context.Context, streams ioStreams, l *lab.Lab) error {
	st, err := l.Status(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(streams.out, "lab %q, process %d, up for %s\n\n", l.State.Name, l.State.Process.PID, time.Since(l.State.Started).Round(time.Second))
	w := tabwriter.NewWriter(streams.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLUSTER\tNETWORK\tCONTROL PLANE\tREACHED\tAFTER\tKUBECONFIG")
	for i, c := range l.State.Clusters {
		stage, after := "starting", time.Duration(0)
		if ev := st.Clusters[i].Events; len(ev) > 0 {
			last := ev[len(ev)-1]
			stage, after = string(last.Stage), last.At.Sub(l.State.Started)
		}
		plane := "own"
		if c.Primary != "" {
			plane = "of " + c.Primary
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.1f s\t%s\n", c.Name, c.Network, plane, stage, after.Seconds(), c.Kubeconfig)
	}
	for _, c := range l.State.Clusters {
		if c.AuditLog != "" {
			fmt.Fprintf(w, "\t\t\t\t\t%s\n", c.AuditLog)
		}
	}
	fmt.Fprintln(w, "\nPART\tVERSION\tMODULE\t\t\t")
	for _, p := range l.State.Parts {
		fmt.Fprintf(w, "%s\t%s\t%s\t\t\t\n", p.Name, p.Version, p.Module)
	}
	return w.Flush()
}

func newLabKubeconfigCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "kubeconfig",
		Short:   "Print the path of the running lab's kubeconfig; its contexts are the clusters' names",
		Example: "  export KUBECONFIG=$(eastwest lab kubeconfig)",
		Args:    checkedArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			l, err := lab.Open(flags.options(streams))
			if err != nil {
				return err
			}
			fmt.Fprintln(streams.out, l.Kubeconfig())
			return nil
		},
	}
}

func newLabExecCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "exec -- COMMAND [ARGUMENT...]",
		Short: "Run a command on the network between the clusters",
		Long: `Runs a command where nodes, load balancers and API servers are reached by the
addresses that the clusters themselves use. A tool that follows remote secrets,
as "istioctl analyze" does, works only there. istioctl and kubectl are the lab's
own, KUBECONFIG has a context for each cluster, and KUBECONFIG_CLUSTER1 and so on
name a file for each.`,
		Example: "  sudo eastwest lab exec -- istioctl analyze --all-namespaces",
		Args:    checkedArgs(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := lab.Open(flags.options(streams))
			if err != nil {
				return err
			}
			return l.Exec(args)
		},
	}
}

// newLabInsideCommands are the processes of the sandbox; people do not call them.
func newLabInsideCommands(streams ioStreams) []*cobra.Command {
	hidden := func(use string, args cobra.PositionalArgs, run func(ctx context.Context, args []string) error) *cobra.Command {
		return &cobra.Command{Use: use, Hidden: true, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), args)
		}}
	}
	return []*cobra.Command{
		hidden(lab.CommandInit, cobra.ExactArgs(2), func(ctx context.Context, args []string) error {
			code, err := lab.RunInit(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			return quietError{code: code}
		}),
		hidden(lab.CommandSupervise, cobra.ExactArgs(1), func(ctx context.Context, args []string) error {
			err := lab.RunSupervisor(ctx, args[0])
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		}),
		hidden(lab.CommandNode, cobra.NoArgs, func(ctx context.Context, _ []string) error {
			return lab.RunNode(ctx, streams.in, streams.out)
		}),
	}
}
