package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/lab"
)

type cleanupFlags struct {
	run, lab  string
	olderThan time.Duration
}

func newCleanupCommand(streams ioStreams) *cobra.Command {
	var flags cleanupFlags
	cmd := &cobra.Command{
		Use:   "cleanup",
		Short: "Remove what kept, interrupted or crashed runs left",
		Long: `A run records each object in a journal before it makes it. Cleanup reads the
journals of runs that did not finish, deletes their objects in reverse order, and
checks that nothing with the run's label is left. It deletes only what is proven to
be the run's: by its label, by the recorded UID, or, if the run died before it could
record that, by when and by which tool the object was made. It leaves and names what
may be somebody else's or has been changed since. It refuses to touch a run that is
still going. Kind clusters that a run made are removed; no others are touched.`,
		Example: `  # undo all that any earlier run has left
  eastwest cleanup

  # undo one run, as its last line of output said
  eastwest cleanup --run 20260102-150405-1a2b3c

  # in a nightly job: leave yesterday evening's experiment alone
  eastwest cleanup --older-than 24h`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCleanup(cmd.Context(), streams, flags)
		},
	}
	cmd.Flags().StringVar(&flags.run, "run", "", "undo only the run with this ID")
	cmd.Flags().DurationVar(&flags.olderThan, "older-than", 0, "undo only runs that started longer ago, such as 24h")
	cmd.Flags().StringVar(&flags.lab, "lab", lab.DefaultName, "also undo what runs left on the running lab of this name")
	return cmd
}

// leftRun is a run that left a journal, and the folder of the journal.
type leftRun struct {
	ledger.Header
	dir string
}

func runCleanup(ctx context.Context, streams ioStreams, flags cleanupFlags) error {
	dirs, err := journalDirs(flags)
	if err != nil {
		return err
	}
	silenceClients()
	runs, err := leftRuns(dirs)
	if err := errors.Join(err, sweepFolders(streams, dirs)); err != nil {
		return err
	}
	clusters, err := removeKindClusters(ctx, streams, flags)
	errs := []error{err}
	chosen := chooseRuns(runs, flags, time.Now())
	if len(chosen)+clusters == 0 && err == nil {
		return nothingLeft(streams, runs, flags)
	}
	for _, run := range chosen {
		if err := cleanUp(ctx, streams, run); err != nil {
			errs = append(errs, fmt.Errorf("clean up run %s: %w", run.Run, err))
			continue
		}
		_, _ = fmt.Fprintf(streams.out, "run %s of %s is undone\n", run.Run, run.Started.Format(time.RFC3339))
	}
	return errors.Join(errs...)
}

// journalDirs are where runs keep their journals: the user's own folder and
// that of the lab, if it runs.
func journalDirs(flags cleanupFlags) ([]string, error) {
	own, err := ledger.DefaultDir()
	if err != nil {
		return nil, err
	}
	dirs := []string{own}
	if l, err := lab.Open(lab.Options{Name: flags.lab}); err == nil {
		dirs = append(dirs, filepath.Join(l.Dir(), "runs"))
	}
	return dirs, nil
}

// sweepFolders removes the kubeconfigs of runs that are over.
func sweepFolders(streams ioStreams, dirs []string) error {
	var errs []error
	for _, dir := range dirs {
		removed, err := ledger.SweepFolders(dir)
		errs = append(errs, err)
		if removed > 0 {
			_, _ = fmt.Fprintf(streams.errOut, "cleanup: removed the kubeconfigs of %d runs that are over\n", removed)
		}
	}
	return errors.Join(errs...)
}

func leftRuns(dirs []string) ([]leftRun, error) {
	var (
		runs []leftRun
		errs []error
	)
	for _, dir := range dirs {
		headers, err := ledger.List(dir)
		errs = append(errs, err)
		for _, header := range headers {
			runs = append(runs, leftRun{Header: header, dir: dir})
		}
	}
	return runs, errors.Join(errs...)
}

func chooseRuns(runs []leftRun, flags cleanupFlags, now time.Time) []leftRun {
	var chosen []leftRun
	for _, run := range runs {
		if (flags.run == "" || run.Run == flags.run) && now.Sub(run.Started) >= flags.olderThan {
			chosen = append(chosen, run)
		}
	}
	return chosen
}

func nothingLeft(streams ioStreams, runs []leftRun, flags cleanupFlags) error {
	if flags.run != "" {
		known := "no run has left anything"
		for i, run := range runs {
			if i == 0 {
				known = "known are:"
			}
			known += " " + run.Run
		}
		return usageError(fmt.Errorf("--run %s: no such run, or it is not that old; %s", flags.run, known))
	}
	_, err := fmt.Fprintln(streams.out, "no earlier run has left anything")
	return err
}

// cleanUp undoes one run, and says what it does and what it leaves alone.
func cleanUp(ctx context.Context, streams ioStreams, run leftRun) error {
	result, err := ledger.CleanUp(ctx, ledger.CleanUpOptions{
		Dir: run.dir, Run: run.Header, Bounds: kube.DefaultBounds(),
		Locking: func() {
			_, _ = fmt.Fprintf(streams.errOut, "cleanup: run %s of %s: taking the lock\n", run.Run, run.Owner)
		},
		Progress: func(cluster string, ref kube.Ref) {
			_, _ = fmt.Fprintf(streams.errOut, "cleanup: %s: %s\n", cluster, ref)
		},
	})
	for _, stay := range result.Stays {
		_, _ = fmt.Fprintf(streams.out, "%s\n", stay)
	}
	for _, one := range result.NotSeen {
		_, _ = fmt.Fprintf(streams.out, "cleanup: %s\n", one)
	}
	return err
}
