package ledger

import (
	"context"
	"errors"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// CleanUpOptions say whose run is undone and who hears of it.
type CleanUpOptions struct {
	// Dir is the folder of the run's journal.
	Dir    string
	Run    Header
	Bounds kube.Bounds
	// Locking is called before the clusters' lock is taken; nil calls nobody.
	Locking func()
	// Progress is as in UndoOptions.
	Progress func(cluster string, ref kube.Ref)
}

// CleanUpResult is what is known after a clean-up, whole or not.
type CleanUpResult struct {
	// Stays is what may be somebody else's, or was changed since, and was left alone.
	Stays []Stay
	// NotSeen says where could not be looked for what is left.
	NotSeen []string
}

// CleanUp undoes one run that left its journal, and looks for what is left of it: that is an
// error. A run that is still under way is refused. An interrupt stops it between objects;
// what is left stays in the journal.
func CleanUp(ctx context.Context, o CleanUpOptions) (result CleanUpResult, err error) {
	clients, err := o.Run.Connect(ctx, o.Bounds, nil)
	if err != nil {
		return result, err
	}
	journal, err := Open(o.Dir, o.Run.Run)
	if err != nil {
		return result, err
	}
	if o.Locking != nil {
		o.Locking()
	}
	lock, locked, err := journal.TakeOver(ctx, clients, "cleanup of run "+o.Run.Run+" by "+Owner())
	if err != nil {
		return result, errors.Join(err, journal.Close())
	}
	defer func() {
		closing, cancel := UndoContext(ctx, o.Bounds)
		defer cancel()
		err = errors.Join(err, lock.Release(closing))
	}()
	if result, err = journal.undoAndLook(locked, clients, o); err != nil {
		return result, errors.Join(err, journal.Close())
	}
	return result, journal.Remove()
}

// undoAndLook undoes the run and looks for what is left of it. What stays is no error: it is
// not for us to remove.
func (j *Journal) undoAndLook(ctx context.Context, clients []*kube.Client, o CleanUpOptions) (result CleanUpResult, err error) {
	result.Stays, err = j.Undo(ctx, UndoOptions{Clients: clients, Bounds: o.Bounds, Progress: o.Progress})
	if err != nil {
		return result, err
	}
	left, notSeen, err := j.Leftovers(ctx, clients, result.Stays)
	result.NotSeen = notSeen
	for _, one := range left {
		err = errors.Join(err, errors.New(one.String()))
	}
	return result, err
}
