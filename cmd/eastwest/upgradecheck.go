package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/upgrade"
)

type upgradeCheckFlags struct {
	upgradeFlags
	depth, step, cells, still, save, output, out string
}

func newUpgradeCheckCommand(streams ioStreams) *cobra.Command {
	var flags upgradeCheckFlags
	cmd := &cobra.Command{
		Use:   "check --to REVISION",
		Short: "Judge each step of the move: go, no-go, or could not tell",
		Long: `Reads every cluster once and judges the five steps of a canary upgrade: install the
new control planes, move a first namespace, move the gateways, move the tags, remove
the old control planes. Each step has checks of its own ("eastwest explain" has them,
EW09xx) and those of the steps before it. Changes nothing and calls nobody.

A look alone says GO for the first step only. For the second give the report of calls
between proxies of both revisions:

  eastwest verify --suite revisions --revision OLD,NEW ... --out artifacts
  eastwest upgrade check --to NEW --cells artifacts/report.json

Findings that the fleet file accepts (accept:) are set aside and shown with their
reason. While an acceptance has expired no step is GO.

The exit code is that of the step named by --step, without it of the worst of all:
0 for GO, 1 for NO-GO, 3 where it could not tell.`,
		Example: `  # before the new control plane is installed
  eastwest upgrade check --context west --context east --to asm-1313-2 --version 1.31.3

  # it is installed beside the old one: may a first namespace move?
  eastwest upgrade check --fleet fleet.yaml --to asm-1313-2 --step namespace

  # a page for the change ticket, and the facts to compare with later
  eastwest upgrade check --fleet fleet.yaml --to asm-1313-2 --save before.json -o ticket > ticket.md
  eastwest upgrade check --fleet fleet.yaml --to asm-1313-2 --still before.json`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runUpgradeCheck(cmd.Context(), streams, flags) },
	}
	flags.registerUpgrade(cmd)
	set := cmd.Flags()
	set.StringVar(&flags.depth, "depth", "static", "how deep to look: static reads only")
	set.StringVar(&flags.step, "step", "", "the step that the exit code is about, and the last in --out: install, namespace, gateways, tag or remove")
	set.StringVar(&flags.cells, "cells", "", "report.json of a run of the suite \"revisions\" on this fleet")
	set.StringVar(&flags.still, "still", "", "a file that --save has written: say what has changed since, of what a verdict rests on")
	set.StringVar(&flags.save, "save", "", "also write what was read to this file, to judge or compare it later")
	set.StringVarP(&flags.output, "output", "o", "text", "form of the output: text, json, or ticket (a page of Markdown)")
	set.StringVar(&flags.out, "out", "", "also write upgrade.json, upgrade.html, junit.xml and ticket.md to this folder")
	return cmd
}

func (f upgradeCheckFlags) check() error {
	errs := []error{oneOf("depth", f.depth, "static"), oneOf("output", f.output, "text", "json", "ticket")}
	if f.step != "" {
		_, err := upgrade.FindStep(f.step)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func runUpgradeCheck(ctx context.Context, streams ioStreams, flags upgradeCheckFlags) error {
	if err := flags.check(); err != nil {
		return usageError(err)
	}
	var before *istio.Snapshot
	if flags.still != "" {
		var err error
		if before, err = loadSnapshot(flags.still); err != nil {
			return err
		}
	}
	snapshot, accepted, err := flags.look(ctx, streams)
	if err != nil {
		return err
	}
	if flags.save != "" {
		if err := saveSnapshot(snapshot, flags.save); err != nil {
			return err
		}
	}
	if before != nil {
		return tellStill(streams, before, snapshot)
	}
	measured, err := flags.measured(snapshot)
	if err != nil {
		return usageError(err)
	}
	verdict := upgrade.Judge(snapshot, measured, accepted...)
	if flags.out != "" {
		if err := upgrade.WriteFiles(flags.out, verdict, upgrade.StepID(flags.step)); err != nil {
			return err
		}
	}
	if err := printVerdict(streams, verdict, flags.output); err != nil {
		return err
	}
	outcome := verdict.Worst()
	if flags.step != "" {
		outcome = verdict.Of(upgrade.StepID(flags.step)).Outcome
	}
	return exitOf(outcome)
}

func exitOf(outcome upgrade.Outcome) error {
	switch outcome {
	case upgrade.NoGo:
		return quietError{code: codeNonConformant}
	case upgrade.CouldNotTell:
		return quietError{code: codeInconclusive}
	case upgrade.Go:
	}
	return nil
}

// measured reads the report of calls, if one is given.
func (f upgradeCheckFlags) measured(snapshot *istio.Snapshot) (*upgrade.Measured, error) {
	if f.cells == "" {
		return nil, nil
	}
	file, err := os.Open(f.cells)
	if err != nil {
		return nil, fmt.Errorf("--cells: %w", err)
	}
	defer func() { _ = file.Close() }()
	measured, err := upgrade.ReadMeasured(file, snapshot)
	if err != nil {
		return nil, fmt.Errorf("--cells %s: %w", f.cells, err)
	}
	return measured, nil
}

func printVerdict(streams ioStreams, verdict upgrade.Verdict, output string) error {
	var err error
	switch output {
	case "json":
		return printJSON(streams.out, verdict)
	case "ticket":
		_, err = fmt.Fprint(streams.out, verdict.Ticket())
	default:
		_, err = fmt.Fprint(streams.out, verdict.Text())
	}
	return err
}

// tellStill prints what has changed since an earlier look.
func tellStill(streams ioStreams, before, now *istio.Snapshot) error {
	changes, err := upgrade.Changed(before, now)
	if err != nil {
		return usageError(err)
	}
	for _, change := range changes {
		if _, err := fmt.Fprintln(streams.out, change); err != nil {
			return err
		}
	}
	if len(changes) > 0 {
		fmt.Fprintf(streams.out, "%d changes since %s: check again\n", len(changes), before.Taken.Format("2006-01-02 15:04:05Z07:00"))
		return quietError{code: codeNonConformant}
	}
	fmt.Fprintf(streams.out, "nothing that the verdict of %s rests on has changed\n", before.Taken.Format("2006-01-02 15:04:05Z07:00"))
	return nil
}

func saveSnapshot(snapshot *istio.Snapshot, path string) error {
	var content bytes.Buffer
	if err := snapshot.Save(&content); err != nil {
		return err
	}
	if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the snapshot: %w", err)
	}
	return nil
}
