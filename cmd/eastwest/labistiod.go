package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/lab"
)

// istiodFlags name a control plane of a running lab.
type istiodFlags struct{ cluster, revision string }

// open finds the lab, and the cluster in it.
func (f istiodFlags) open(streams ioStreams, flags labFlags) (*lab.Lab, lab.Cluster, error) {
	if problems := validation.IsDNS1123Label(f.revision); len(problems) > 0 || f.revision == names.DefaultRevision {
		return nil, lab.Cluster{}, usageError(fmt.Errorf("--revision %q: want a name of its own for the control plane, such as canary", f.revision))
	}
	l, err := lab.Open(flags.options(streams))
	if err != nil {
		return nil, lab.Cluster{}, err
	}
	i := slices.IndexFunc(l.State.Clusters, func(c lab.Cluster) bool { return c.Name == f.cluster })
	if i < 0 {
		return nil, lab.Cluster{}, usageError(fmt.Errorf("--cluster %q: the lab has no such cluster", f.cluster))
	}
	return l, l.State.Clusters[i], nil
}

func newLabIstiodCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "istiod",
		Short: "Add or remove a control plane beside the one that is there, of the same version",
	}
	groupOnly(cmd)
	cmd.AddCommand(
		newIstiodCommand(streams, flags, "add", "Install another control plane, with its revision, on one cluster of the running lab", addIstiod),
		newIstiodCommand(streams, flags, "remove", "Remove a control plane that \"add\" has installed", removeIstiod),
	)
	return cmd
}

type istiodAction func(context.Context, ioStreams, *lab.Lab, lab.Cluster, string) error

func newIstiodCommand(streams ioStreams, flags *labFlags, verb, short string, do istiodAction) *cobra.Command {
	var f istiodFlags
	cmd := &cobra.Command{
		Use:     verb,
		Short:   short,
		Example: fmt.Sprintf(`  sudo eastwest lab istiod %s --cluster cluster1 --revision canary`, verb),
		Args:    checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, cluster, err := f.open(streams, *flags)
			if err != nil {
				return err
			}
			return do(cmd.Context(), streams, l, cluster, f.revision)
		},
	}
	cmd.Flags().StringVar(&f.cluster, "cluster", "cluster1", "the cluster")
	cmd.Flags().StringVar(&f.revision, "revision", "", "the control plane's revision, such as canary")
	return cmd
}

func addIstiod(ctx context.Context, streams ioStreams, l *lab.Lab, cluster lab.Cluster, revision string) error {
	return setUpMesh(ctx, streams, l, meshSetup{extent: another, cluster: cluster.Name, revision: revision})
}

func removeIstiod(ctx context.Context, streams ioStreams, l *lab.Lab, cluster lab.Cluster, revision string) error {
	uninstall := exec.CommandContext(ctx, l.Program("istioctl"), "uninstall", "--kubeconfig="+cluster.Kubeconfig, "--revision="+revision, "--skip-confirmation")
	uninstall.Stdout, uninstall.Stderr = streams.errOut, streams.errOut
	if err := uninstall.Run(); err != nil {
		return errors.Join(fmt.Errorf("remove the control plane %s of %s", revision, cluster.Name), err)
	}
	return nil
}
