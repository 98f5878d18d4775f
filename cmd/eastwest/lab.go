package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

// labFlags are common to all commands about the lab.
type labFlags struct {
	name, cache, envoy string
	istio, trustDomain string
	clusters           int
	balancing          string
	audit              bool
	// networks and primaries are the shape of the mesh, by the clusters' names.
	networks, primaries map[string]string
}

func (f labFlags) options(streams ioStreams) lab.Options {
	return lab.Options{Name: f.name, Cache: f.cache, Envoy: f.envoy, Clusters: f.clusters, Audit: f.audit, Istio: f.istio, TrustDomain: f.trustDomain, Networks: f.networks, Primaries: f.primaries, Progress: streams.errOut}
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
	return f.options(ioStreams{}).Check()
}

func newLabCommand(streams ioStreams) *cobra.Command {
	var flags labFlags
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Make real Kubernetes clusters on this machine, without Docker or a registry",
		Long: `The lab is N real Kubernetes clusters on this machine, each with its own network:
etcd, the control plane, containerd, kubelet, kube-proxy and CoreDNS, built from
their Go modules. It runs in a sandbox: when the sandbox's first process dies, the
kernel ends all of it.

Needs root on Linux. The first start builds everything, which takes a quarter of an
hour on two cores; later starts take seconds.`,
	}
	groupOnly(cmd)
	cmd.PersistentFlags().StringVar(&flags.name, "name", lab.DefaultName, "name of the lab; several can run side by side")
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

func newLabDownCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the lab, running or crashed, and remove everything but the cache",
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
		Long: `Runs a command on the lab's network, where nodes, load balancers and API servers
have the addresses that the clusters use. Tools that follow remote secrets, such as
"istioctl analyze", work only there. PATH has the lab's istioctl and kubectl,
KUBECONFIG a context for each cluster, and KUBECONFIG_CLUSTER1 and so on name a file
for each.`,
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
