package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// leastUndo bounds what comes after the undo: giving back the lock, ending
// clusters of our own.
const leastUndo = time.Minute

// Cleanup diagnoses if anything failed, undoes everything that the ledger
// announced, and proves it by comparing inventories. It outlives an interrupt
// of ctx; once is enough, later calls return the same case.
func (r *Run) Cleanup(ctx context.Context) report.Case {
	if r.finished {
		return r.report.Cases[len(r.report.Cases)-1]
	}
	r.finished = true
	if ctx.Err() == nil {
		r.identify(ctx)
		if r.failed {
			r.diagnose(ctx)
		}
	}
	start := time.Now()
	status, why, notes := r.undo(ctx)
	if r.journal != nil {
		r.phase("cleanup", start, time.Now())
	}
	result := r.add(report.Case{
		ID: "clean-up", Name: "Leave the clusters as they were", Kind: report.KindCleanup,
		Promise: "what the run made is gone, and nothing else changed", Source: "guide, \"Clean up\"",
		Start: start, Duration: time.Since(start), Status: status, Message: why, Notes: notes,
	})
	if r.journal != nil {
		r.progress.scenario(result)
	}
	return result
}

// cleanupCommand is what a person types to undo a run on this environment.
func (r *Run) cleanupCommand(run string) string {
	return cmp.Or(r.config.Provider.Traits().Cleanup, "eastwest cleanup") + " --run " + run
}

// undo says how the clean-up ended. Nothing having been made, there is nothing to prove.
func (r *Run) undo(ctx context.Context) (report.Status, string, []string) {
	if r.journal == nil {
		return report.Unsupported, "nothing was made", nil
	}
	defer func() { _ = r.journal.Close() }() // closed already where it was removed
	ctx, cancel := ledger.UndoContext(ctx, r.bounds)
	defer cancel()
	// Where the lock is not ours any more another run may be at work.
	clients, withheld := r.lock.Held(ctx)
	// First, so that an undo that is cut off can be finished by somebody else.
	if err := r.journal.End(ctx, clients); err != nil {
		r.progress.line("", "ledger: "+err.Error())
	}
	if r.config.Keep {
		return report.Unsupported, fmt.Sprintf("kept, as was asked for; %q undoes it", r.cleanupCommand(r.report.ID)), nil
	}
	stays, err := r.journal.Undo(ctx, ledger.UndoOptions{Clients: clients, Withheld: withheld, Bounds: r.bounds})
	if err != nil {
		return report.Failed, fmt.Sprintf("%v; %q tries again", err, r.cleanupCommand(r.report.ID)), notesOf(stays)
	}
	status, why, notes := r.prove(ctx, stays)
	if err := r.journal.Remove(); err != nil {
		return report.Errored, err.Error(), notes
	}
	return status, why, notes
}

func notesOf[T fmt.Stringer](all []T) []string {
	notes := make([]string, 0, len(all))
	for _, one := range all {
		notes = append(notes, one.String())
	}
	return notes
}

// prove compares the inventories: what the run made must be gone and what it touched be
// as it was. What others did meanwhile is a note. Without an inventory from before
// there is no proof.
func (r *Run) prove(ctx context.Context, stays []ledger.Stay) (report.Status, string, []string) {
	notes := notesOf(stays)
	if r.before == nil {
		return report.Errored, "everything was undone, but there is no inventory from before to compare with", notes
	}
	after, err := ledger.TakeInventory(ctx, r.fleet.Clients(), r.inventoryOptions())
	if err != nil {
		return report.Errored, fmt.Sprintf("everything was undone, but the inventory could not be taken: %v", err), notes
	}
	for _, inventory := range after {
		if unseen := inventory.NotSeen(); unseen != "" {
			notes = append(notes, unseen)
		}
	}
	proof := r.journal.Prove(r.before, after, stays)
	for _, change := range notesOf(proof.Others) {
		notes = append(notes, "changed by others during the run: "+change)
	}
	if proof.Sound() {
		return report.Passed, "", notes
	}
	why := notesOf(proof.Left)
	for _, change := range notesOf(proof.Touched) {
		why = append(why, change+" by the run, which is not as it was")
	}
	return report.Failed, strings.Join(why, "; "), notes
}

// Finish cleans up if that was not done, gives back the lock, ends the environment's
// own clusters and completes the report. It outlives an interrupt of ctx.
func (r *Run) Finish(ctx context.Context) (report.Run, error) {
	r.Cleanup(ctx)
	r.complete(ctx)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), leastUndo)
	defer cancel()
	var errs []error
	if r.lock != nil {
		errs = append(errs, r.lock.Release(closing))
	}
	if r.fleet != nil {
		errs = append(errs, r.fleet.Close())
	}
	if r.files != nil {
		errs = append(errs, r.files.Remove())
	}
	if keeper, ok := r.config.Provider.(fleet.LogKeeper); ok && r.failed {
		errs = append(errs, keeper.KeepLogs())
	}
	if !r.config.Keep {
		errs = append(errs, r.config.Provider.Destroy(closing))
	}
	r.progress.stop()
	r.report.Ended = time.Now()
	return r.report, errors.Join(errs...)
}

// Evidence is what the diagnosis collected.
func (r *Run) Evidence() []File { return r.evidence }
