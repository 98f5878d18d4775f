package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/checks"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/upgrade"
)

func newUpgradeCommand(streams ioStreams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Say whether a fleet may move to another revision, and in which order; reads only",
	}
	groupOnly(cmd)
	cmd.AddCommand(newUpgradeCheckCommand(streams), newUpgradePlanCommand(streams))
	return cmd
}

// upgradeFlags say which move is meant, and where the fleet is.
type upgradeFlags struct {
	readingFlags
	to, from, version, snapshot string
}

func (f *upgradeFlags) registerUpgrade(cmd *cobra.Command) {
	set := cmd.Flags()
	f.registerWhere(set)
	set.StringVar(&f.to, "to", fromEnv("TO", ""), "the revision to move to (TO)")
	set.StringVar(&f.from, "from", "", "the revision to leave (default: the one that the fleet's proxies have)")
	set.StringVar(&f.version, "version", "", "the Istio version of --to while no istiod of it runs, such as 1.29.1")
	set.StringVar(&f.snapshot, "snapshot", "", "judge this file, as --save of \"upgrade check\" writes it, and reach no cluster")
}

// look reads the file, or else the clusters, and settles which revisions are meant.
// A fleet file may accept findings.
func (f upgradeFlags) look(ctx context.Context, streams ioStreams) (*istio.Snapshot, []checks.Acceptance, error) {
	if f.to == "" && f.snapshot == "" {
		return nil, nil, usageError(errors.New("--to: want the revision that the fleet is to move to"))
	}
	snapshot, accepted, err := f.read(ctx, streams)
	if err != nil {
		return nil, nil, err
	}
	if err := upgrade.Settle(snapshot); err != nil {
		return nil, nil, usageError(err)
	}
	return snapshot, accepted, nil
}

func (f upgradeFlags) read(ctx context.Context, streams ioStreams) (*istio.Snapshot, []checks.Acceptance, error) {
	if f.snapshot == "" {
		return f.takeFor(ctx, streams, istio.Upgrade{From: f.from, To: f.to, Version: f.version})
	}
	if f.given() {
		return nil, nil, usageError(errors.New("--snapshot with a fleet: want one or the other"))
	}
	snapshot, err := loadSnapshot(f.snapshot)
	return snapshot, nil, err
}

// takeFor reads the clusters for an upgrade. No calls are made.
func (f readingFlags) takeFor(ctx context.Context, streams ioStreams, move istio.Upgrade) (*istio.Snapshot, []checks.Acceptance, error) {
	silenceClients()
	ctx, cancel := context.WithTimeout(ctx, readBound)
	defer cancel()
	clusters, found, err := f.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = clusters.Close() }()
	for _, warning := range found.warnings {
		fmt.Fprintf(streams.errOut, "fleet: warning: %s\n", warning)
	}
	snapshot := istio.Take(ctx, clusters.Clusters, istio.Options{Namespace: found.namespace, Asked: istio.Asked{Upgrade: &move}, Eastwest: ownVersion()})
	f.tellTraffic(streams, snapshot)
	return snapshot, found.accept, nil
}
