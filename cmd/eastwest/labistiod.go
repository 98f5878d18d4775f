package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/run"
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
	if primary := l.State.Clusters[i].Primary; primary != "" {
		return nil, lab.Cluster{}, usageError(fmt.Errorf("--cluster %q: its control plane is in %s; name that cluster", f.cluster, primary))
	}
	return l, l.State.Clusters[i], nil
}

func newLabIstiodCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "istiod",
		Short: "Add or remove a second control plane of the same version",
	}
	groupOnly(cmd)
	cmd.AddCommand(
		newIstiodCommand(streams, flags, "add", "Install a control plane with a revision on one cluster of the running lab", addIstiod),
		newIstiodCommand(streams, flags, "remove", "Remove a control plane that \"add\" installed", removeIstiod),
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
	return run.SetUp(ctx, anotherIstiod(streams, l, cluster, revision))
}

func anotherIstiod(streams ioStreams, l *lab.Lab, cluster lab.Cluster, revision string) run.Setup {
	setup := labSetup(streams, l)
	setup.Extent, setup.Cluster, setup.Revision = run.AnotherControlPlane, cluster.Name, revision
	return setup
}

func removeIstiod(ctx context.Context, streams ioStreams, l *lab.Lab, cluster lab.Cluster, revision string) error {
	removed, err := run.RemoveControlPlane(ctx, anotherIstiod(streams, l, cluster, revision))
	if errors.Is(err, run.ErrNoControlPlane) {
		return usageError(fmt.Errorf("--revision %q: %w; make one with \"eastwest lab istiod add\"", revision, err))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(streams.errOut, "lab: removed the control plane %s of %s, %d objects\n", revision, cluster.Name, removed)
	return nil
}
