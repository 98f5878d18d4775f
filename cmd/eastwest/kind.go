package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/kind"
	"github.com/eastwest-mesh/eastwest/providers"
)

func newKindCommand(streams ioStreams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "kind",
		Short: "Build kind node images offline",
		Long: `"eastwest verify --on kind" makes kind clusters with this machine's Docker and
removes them again. These commands build what it needs where no registry can be
reached.`,
	}
	groupOnly(cmd)
	cmd.AddCommand(newKindNodeImageCommand(streams))
	return cmd
}

func newKindNodeImageCommand(streams ioStreams) *cobra.Command {
	var cache string
	var noLoad bool
	cmd := &cobra.Command{
		Use:   "node-image",
		Short: "Build the kind node image from source and Debian packages, and load it into Docker",
		Long: `Builds a kind node image without any registry: a Debian system, kind's base files,
and kubeadm, kubelet, containerd, runc, the CNI plugins and the control plane's
images, all built from their Go modules. The image runs on hosts with cgroup v1 or
v2, with or without CAP_SYS_RESOURCE. It has no network between nodes: use it for
clusters of one node.

Needs root on a Debian or Ubuntu machine with Go. The first build takes a quarter
of an hour, or a minute or two if the lab's parts are built already. Prints the
image's name; to use it on other machines, "docker load" the archive that is named
on standard error.`,
		Example: `  # use it with kind itself
  kind create cluster --image "$(sudo eastwest kind node-image)"`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runKindNodeImage(cmd.Context(), streams, cache, noLoad)
		},
	}
	cmd.Flags().StringVar(&cache, "cache", "", "folder for what is built (default: EASTWEST_CACHE, or eastwest in the user's cache folder)")
	cmd.Flags().BoolVar(&noLoad, "no-load", false, "only build it; no container engine is needed")
	return cmd
}

func runKindNodeImage(ctx context.Context, streams ioStreams, cache string, noLoad bool) error {
	image, err := providers.BuildNodeImage(ctx, cache, streams.errOut)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(streams.errOut, "kind: node image %s, Kubernetes %s: %s\n", image.Name, image.Kubernetes, image.Archive)
	if !noLoad {
		if err := providers.LoadNodeImage(ctx, image, streams.errOut); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(streams.out, image.Name)
	return err
}

// removeKindClusters removes the kind clusters of runs that are over, and says
// how many groups of them there were.
func removeKindClusters(ctx context.Context, streams ioStreams, flags cleanupFlags) (int, error) {
	left, err := kind.Leftovers("")
	errs := []error{err}
	removed := 0
	for _, group := range left {
		if time.Since(group.Started) < flags.olderThan || !ofRun(group, flags.run) {
			continue
		}
		if err := group.Remove(ctx); err != nil {
			errs = append(errs, err)
			continue
		}
		removed++
		_, _ = fmt.Fprintf(streams.out, "kind clusters of %s are removed: %s\n", group.Started.Format(time.RFC3339), strings.Join(group.Names, ", "))
	}
	return removed, errors.Join(errs...)
}

// ofRun says whether the run with this ID, or any for none, made the clusters.
func ofRun(group kind.Left, run string) bool {
	headers, err := ledger.List(group.Ledgers)
	return run == "" || err == nil && slices.ContainsFunc(headers, func(h ledger.Header) bool { return h.Run == run })
}
