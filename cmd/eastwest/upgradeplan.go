package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/upgrade"
)

func newUpgradePlanCommand(streams ioStreams) *cobra.Command {
	var flags upgradeFlags
	cmd := &cobra.Command{
		Use:   "plan --to REVISION",
		Short: "Print the order of the move as commands for this fleet, with how far it is",
		Long: `Reads every cluster once and prints the steps of a canary upgrade in the order that
this fleet needs, as commands for its own kubeconfigs and contexts: control planes in
all clusters before any proxy, a first namespace, the gateways, the tags, the removal.
Each step tells how far the fleet is, what must be checked after it, and the way back.
Runs none of it.`,
		Example: `  eastwest upgrade plan --fleet fleet.yaml --to asm-1313-2`,
		Args:    checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			snapshot, _, err := flags.look(cmd.Context(), streams)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(streams.out, upgrade.Plan(snapshot))
			return err
		},
	}
	flags.registerUpgrade(cmd)
	return cmd
}
