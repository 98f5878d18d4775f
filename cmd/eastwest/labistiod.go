package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/providers"
)

// istiodFlags name a control plane of a running lab.
type istiodFlags struct {
	cluster, revision string
	// istio and trustDomain are those of a new control plane; empty means the lab's.
	istio, trustDomain string
}

// check tells everything that is wrong with the flags, without a look at the lab.
func (f istiodFlags) check(flags labFlags) error {
	var errs []error
	if problems := validation.IsDNS1123Label(f.revision); len(problems) > 0 || f.revision == names.DefaultRevision {
		errs = append(errs, fmt.Errorf("--revision %q: want a name of its own for the control plane, such as canary", f.revision))
	}
	flags.clusters, flags.istio, flags.trustDomain = 1, f.istio, f.trustDomain
	return errors.Join(append(errs, flags.check())...)
}

// open finds the lab, and the cluster in it.
func (f istiodFlags) open(streams ioStreams, flags labFlags) (*lab.Lab, lab.Cluster, error) {
	if err := f.check(flags); err != nil {
		return nil, lab.Cluster{}, usageError(err)
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
		Short: "Add or remove a second control plane, of the same version or another",
	}
	groupOnly(cmd)
	cmd.AddCommand(
		newIstiodCommand(streams, flags, "add", "Install a control plane with a revision on one cluster of the running lab", addIstiodExample, addIstiod),
		newIstiodCommand(streams, flags, "remove", "Remove a control plane that \"add\" installed", "  sudo eastwest lab istiod remove --cluster cluster1 --revision canary", removeIstiod),
	)
	return cmd
}

const addIstiodExample = `  # a second istiod of the lab's own version
  sudo eastwest lab istiod add --cluster cluster1 --revision canary

  # one of another version
  sudo eastwest lab istiod add --cluster cluster1 --revision 1-29-1 --istio 1.29.1`

// istiodAction is done on a cluster of a running lab.
type istiodAction func(ctx context.Context, streams ioStreams, l *lab.Lab, cluster lab.Cluster, f istiodFlags, flags labFlags) error

func newIstiodCommand(streams ioStreams, flags *labFlags, verb, short, example string, do istiodAction) *cobra.Command {
	var f istiodFlags
	cmd := &cobra.Command{
		Use:     verb,
		Short:   short,
		Example: example,
		Args:    checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, cluster, err := f.open(streams, *flags)
			if err != nil {
				return err
			}
			return do(cmd.Context(), streams, l, cluster, f, *flags)
		},
	}
	cmd.Flags().StringVar(&f.cluster, "cluster", "cluster1", "the cluster")
	cmd.Flags().StringVar(&f.revision, "revision", "", "the control plane's revision, such as canary")
	if verb == "add" {
		cmd.Flags().StringVar(&f.istio, "istio", "", "its version: "+strings.Join(parts.IstioVersions(), ", ")+" (default: the lab's); built when it is first asked for")
		cmd.Flags().StringVar(&f.trustDomain, "trust-domain", "", "its trust domain (default: the lab's)")
	}
	return cmd
}

func addIstiod(ctx context.Context, streams ioStreams, l *lab.Lab, cluster lab.Cluster, f istiodFlags, flags labFlags) error {
	istio, err := l.AddIstio(ctx, f.istio, flags.options(streams))
	if err != nil {
		return err
	}
	setup := anotherIstiod(streams, l, cluster, f.revision)
	setup.Traits = providers.LabTraitsWith(l, istio, cmp.Or(f.trustDomain, l.State.TrustDomain))
	return run.SetUp(ctx, setup)
}

func anotherIstiod(streams ioStreams, l *lab.Lab, cluster lab.Cluster, revision string) run.Setup {
	setup := labSetup(streams, l)
	setup.Extent, setup.Cluster, setup.Revision = run.AnotherControlPlane, cluster.Name, revision
	return setup
}

func removeIstiod(ctx context.Context, streams ioStreams, l *lab.Lab, cluster lab.Cluster, f istiodFlags, _ labFlags) error {
	revision := f.revision
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
