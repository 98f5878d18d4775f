package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
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

// removeIstiod deletes what the journal says that the control plane of a revision is made of.
func removeIstiod(ctx context.Context, streams ioStreams, l *lab.Lab, cluster lab.Cluster, revision string) (err error) {
	traits := providers.LabTraits(l)
	f, err := fleet.Connect(ctx, providers.Specs(l), fleet.Options{Bounds: traits.Bounds, UserAgent: "lab-istiod", TempDir: traits.StateDir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	run, client, err := runOfMesh(ctx, f, cluster.Name)
	if err != nil {
		return err
	}
	journal, err := ledger.Open(traits.StateDir, run)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	refs, err := still(ctx, client, ofRevision(journal.Entries(), cluster.Name, revision))
	if err != nil {
		return err
	}
	if len(refs) == 0 {
		return usageError(fmt.Errorf("--revision %q: %s has no such control plane; make one with \"eastwest lab istiod add\"", revision, cluster.Name))
	}
	for _, ref := range slices.Backward(refs) {
		if err := client.Delete(ctx, ref); err != nil {
			return err
		}
	}
	for _, ref := range refs {
		if err := client.AwaitGone(ctx, ref, traits.Bounds); err != nil {
			return err
		}
	}
	fmt.Fprintf(streams.errOut, "lab: removed the control plane %s of %s, %d objects\n", revision, cluster.Name, len(refs))
	return nil
}

// still are those of the objects that are there.
func still(ctx context.Context, client *kube.Client, refs []kube.Ref) ([]kube.Ref, error) {
	var there []kube.Ref
	for _, ref := range refs {
		found, err := client.Get(ctx, ref)
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return nil, err
		case found.GetUID() == ref.UID:
			there = append(there, ref)
		}
	}
	return there, nil
}

// ofRevision are the objects that were made for a revision beside those of the first control
// plane, which have the same names without it.
func ofRevision(entries []ledger.Entry, cluster, revision string) []kube.Ref {
	var refs []kube.Ref
	first := map[kube.Ref]bool{}
	for _, entry := range entries {
		if entry.Event != ledger.EventMade || entry.Cluster != cluster {
			continue
		}
		ref := entry.Ref
		ref.UID = ""
		first[ref] = true
		refs = append(refs, entry.Ref)
	}
	return slices.DeleteFunc(refs, func(ref kube.Ref) bool {
		without := ref
		without.UID = ""
		without.Name = strings.Replace(ref.Name+"-", "-"+revision+"-", "-", 1)
		without.Name = strings.TrimSuffix(without.Name, "-")
		return without.Name == ref.Name || !first[without]
	})
}
