package main

import (
	"fmt"
	"io"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

// ioStreams are a command's ends: results go to out, progress and errors to errOut.
type ioStreams struct {
	in          io.Reader
	out, errOut io.Writer
}

func newRootCommand(streams ioStreams) *cobra.Command {
	root := &cobra.Command{
		Use:   "eastwest",
		Short: "Prove that a multi-cluster mesh works, or name the link that is broken",
		Long: `Eastwest proves that a service mesh that spans clusters works: an east-west gateway
in every cluster, exposed services, exchanged endpoints, and calls from each cluster
that every cluster answers. When a link is broken it names the link and the fix. It
removes what it made on your clusters and checks that nothing is left.

It runs on an embedded lab of real Kubernetes clusters on this machine, on kind
clusters (--on kind), or on your own fleet (--on fleet).`,
		Example: `  # your clusters: what is broken? reads only
  eastwest diagnose --context west --context east

  # prove the whole guide on a lab of two clusters on this machine
  sudo eastwest verify

  # read what would be done, as a shell script
  eastwest plan -o shell

  # which platform and CA go together, and why
  eastwest matrix`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(streams.in)
	root.SetOut(streams.out)
	root.SetErr(streams.errOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(usageHint{cmd: cmd.CommandPath(), err: err})
	})
	groupOnly(root)
	root.AddCommand(
		newVerifyCommand(streams),
		newPlanCommand(streams),
		newFleetCommand(streams),
		newPreflightCommand(streams),
		newRolesCommand(streams),
		newDiagnoseCommand(streams),
		newUpgradeCommand(streams),
		newSnapshotCommand(streams),
		newExplainCommand(streams),
		newScenariosCommand(streams),
		newCleanupCommand(streams),
		newLabCommand(streams),
		newKindCommand(streams),
		newMatrixCommand(streams),
		newReportCommand(streams),
		newVersionCommand(streams),
		newExitCodesTopic(),
	)
	return root
}

// silenceClients keeps client-go from logging each connection that ends; what matters
// comes as an error.
func silenceClients() { klog.SetLogger(logr.Discard()) }

// groupOnly makes a command that only groups others print its help when it is
// called alone, and refuse what it does not know: cobra would do nothing and
// report success.
func groupOnly(cmd *cobra.Command) {
	const likeness = 2 // letters that may differ
	cmd.SuggestionsMinimumDistance = likeness
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			err = fmt.Errorf("%w: did you mean %q?", err, near[0])
		}
		return usageError(usageHint{cmd: cmd.CommandPath(), err: err})
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// usageHint adds where to read on to a flag error.
type usageHint struct {
	cmd string
	err error
}

func (u usageHint) Error() string { return u.err.Error() + "; see \"" + u.cmd + " --help\"" }
func (u usageHint) Unwrap() error { return u.err }

func newExitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `  0    conformant: the mesh does what the guide promises; or rehearsed: it does so on
       clusters that imitate the platform, which itself was not tested; or go: nothing
       speaks against the step of an upgrade
  1    non-conformant: it does not; the report names what is missing; or no-go
  2    wrong use: a bad flag, a refused cell, an ambiguous revision
  3    could not tell: something that the test itself needs failed
  130  interrupted: what was made has been removed again`,
	}
}
