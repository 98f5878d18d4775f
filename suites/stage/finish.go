package stage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/page"
	"github.com/eastwest-mesh/eastwest/framework/report"
)

// leastUndo bounds what comes after the undo: giving back the lock, ending
// clusters of our own.
const leastUndo = time.Minute

// Cleanup diagnoses if anything failed, undoes everything that the ledger
// announced, and proves it by comparing inventories. It outlives an interrupt
// of ctx; once is enough, later calls return the same case.
func (s *Stage) Cleanup(ctx context.Context) report.Case {
	if s.finished {
		return s.run.Cases[len(s.run.Cases)-1]
	}
	s.finished = true
	if ctx.Err() == nil {
		s.identify(ctx)
		if s.failed {
			s.diagnose(ctx)
		}
	}
	start := time.Now()
	status, told, notes := s.undo(ctx)
	if s.journal != nil {
		s.phase("cleanup", start, time.Now())
	}
	result := s.add(report.Case{
		ID: "clean-up", Name: "Leave the clusters as they were", Kind: report.KindCleanup,
		Promise: "what the run made is gone, and nothing else changed", Source: "page, last 3 lines (A11)",
		Start: start, Duration: time.Since(start), Status: status, Message: told, Notes: notes,
	})
	if s.journal != nil {
		s.progress.scenario(result)
	}
	return result
}

// cleanupCommand is what a person types to undo a run on this place.
func (s *Stage) cleanupCommand(run string) string {
	return cmp.Or(s.config.Provider.Traits().Cleanup, "eastwest cleanup") + " --run " + run
}

// undo says how the clean-up ended. Nothing having been made, there is nothing to prove.
func (s *Stage) undo(ctx context.Context) (report.Status, string, []string) {
	if s.journal == nil {
		return report.Unsupported, "nothing was made", nil
	}
	defer func() { _ = s.journal.Close() }() // closed already where it was removed
	ctx, cancel := ledger.UndoContext(ctx, s.bounds)
	defer cancel()
	// Where the lock is not ours any more another run may be at work.
	clients, withheld := s.lock.Held(ctx)
	// First, so that an undo that is cut off can be finished by somebody else.
	if err := s.journal.End(ctx, clients); err != nil {
		s.progress.line("", "ledger: "+err.Error())
	}
	if s.config.Keep {
		return report.Unsupported, fmt.Sprintf("kept, as was asked for; %q undoes it", s.cleanupCommand(s.run.ID)), nil
	}
	stays, err := s.journal.Undo(ctx, ledger.UndoOptions{Clients: clients, Withheld: withheld, Bounds: s.bounds})
	if err != nil {
		return report.Failed, fmt.Sprintf("%v; %q tries again", err, s.cleanupCommand(s.run.ID)), notesOf(stays)
	}
	status, told, notes := s.prove(ctx, stays)
	if err := s.journal.Remove(); err != nil {
		return report.Errored, err.Error(), notes
	}
	return status, told, notes
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
func (s *Stage) prove(ctx context.Context, stays []ledger.Stay) (report.Status, string, []string) {
	notes := notesOf(stays)
	if s.before == nil {
		return report.Errored, "everything was undone, but there is no inventory from before to compare with", notes
	}
	after, err := ledger.TakeInventory(ctx, page.Clients(s.fleet), s.inventoryOptions())
	if err != nil {
		return report.Errored, fmt.Sprintf("everything was undone, but the inventory could not be taken: %v", err), notes
	}
	for _, inventory := range after {
		if unseen := inventory.NotSeen(); unseen != "" {
			notes = append(notes, unseen)
		}
	}
	proof := s.journal.Prove(s.before, after, stays)
	for _, change := range notesOf(proof.Others) {
		notes = append(notes, "changed by others during the run: "+change)
	}
	if proof.Sound() {
		return report.Passed, "", notes
	}
	told := notesOf(proof.Left)
	for _, change := range notesOf(proof.Touched) {
		told = append(told, change+" by the run, which is not as it was")
	}
	return report.Failed, strings.Join(told, "; "), notes
}

// Finish cleans up if that was not done, gives back the lock, ends the place's
// own clusters and completes the report. It outlives an interrupt of ctx.
func (s *Stage) Finish(ctx context.Context) (report.Run, error) {
	s.Cleanup(ctx)
	s.complete(ctx)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), leastUndo)
	defer cancel()
	var errs []error
	if s.lock != nil {
		errs = append(errs, s.lock.Release(closing))
	}
	if s.fleet != nil {
		errs = append(errs, s.fleet.Close())
	}
	if s.files != nil {
		errs = append(errs, s.files.Remove())
	}
	if keeper, ok := s.config.Provider.(fleet.LogKeeper); ok && s.failed {
		errs = append(errs, keeper.KeepLogs())
	}
	if !s.config.Keep {
		errs = append(errs, s.config.Provider.Destroy(closing))
	}
	s.progress.stop()
	s.run.Ended = time.Now()
	return s.run, errors.Join(errs...)
}

// Evidence is what the diagnosis collected.
func (s *Stage) Evidence() []File { return s.evidence }
