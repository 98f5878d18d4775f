package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// Journal is the open ledger of one run: JSON lines, written through to the
// disk before the thing they announce is done. It is safe for use by several
// goroutines, and implements plan.Journal.
type Journal struct {
	Header Header

	path string
	// own is true for the process whose run it is.
	own bool

	mu      sync.Mutex
	file    *os.File // guarded by mu
	entries []Entry  // guarded by mu
}

// Create starts the journal of a run in a folder, which is made when missing.
func Create(dir string, header Header) (*Journal, error) {
	if header.Run == "" {
		return nil, errors.New("ledger: want a run ID")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	header.Format = FormatVersion
	path := journalPath(dir, header.Run)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: start the journal of run %s: %w", header.Run, err)
	}
	j := &Journal{Header: header, path: path, own: true, file: file}
	if err := errors.Join(hold(file, header.Run), j.write(header), syncDir(dir)); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger: write %s: %w", path, err), file.Close())
	}
	return j, nil
}

// RunInProgressError says that the process of a run still works with its journal.
type RunInProgressError struct{ Run string }

func (e *RunInProgressError) Error() string {
	return fmt.Sprintf("run %s is under way: its process has its journal open; wait for its end, or end it with an interrupt", e.Run)
}

// hold locks the file for as long as it is open. The kernel gives the lock back
// whatever happens to the process, so that whoever gets it next knows for
// certain that the run is over.
func hold(file *os.File, run string) error {
	err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return &RunInProgressError{Run: run}
	}
	if err != nil {
		return fmt.Errorf("lock the journal of run %s: %w", run, err)
	}
	return nil
}

// Open continues the journal of an earlier run, to undo it. That run is over:
// as long as its process lives the error is an *RunInProgressError.
func Open(dir, run string) (*Journal, error) {
	path := journalPath(dir, run)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("ledger: %s: %w", path, ErrNoJournal)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: open the journal of run %s: %w", run, err)
	}
	// Read once it is held: a living process may still write.
	err = hold(file, run)
	var (
		header  Header
		entries []Entry
	)
	if err == nil {
		header, entries, err = read(path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	j := &Journal{Header: header, path: path, file: file, entries: entries}
	// A line that a crash tore gets its end, so that the next one is whole.
	if _, err := file.WriteString("\n"); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger: write %s: %w", path, err), file.Close())
	}
	return j, nil
}

// Path is the journal's file.
func (j *Journal) Path() string { return j.path }

// Close closes the file and keeps it.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Close()
}

// Remove deletes the journal: everything it announced has been undone.
func (j *Journal) Remove() error {
	if err := errors.Join(j.Close(), os.Remove(j.path)); err != nil {
		return fmt.Errorf("ledger: remove the journal of run %s: %w", j.Header.Run, err)
	}
	return nil
}

// Making implements kube.Journal.
func (j *Journal) Making(_ context.Context, cluster string, refs []kube.Ref) error {
	entries := make([]Entry, 0, len(refs))
	for _, ref := range refs {
		entries = append(entries, Entry{Event: EventMaking, Cluster: cluster, Ref: ref})
	}
	return j.append(entries...)
}

// Expecting implements plan.Journal.
func (j *Journal) Expecting(ctx context.Context, client *kube.Client, tool string, refs []kube.Ref) error {
	if len(refs) == 0 {
		return nil
	}
	at, err := client.ServerTime(ctx)
	if err != nil {
		return err
	}
	entries := make([]Entry, 0, len(refs))
	for _, ref := range refs {
		entries = append(entries, Entry{Event: EventExpecting, Cluster: client.Name, Ref: ref, Tool: tool, ServerTime: at})
	}
	return j.append(entries...)
}

// Confirm implements plan.Journal: what was expected and is proven to have been made by
// the tool is written down with its UID, so that undo needs no further proof.
func (j *Journal) Confirm(ctx context.Context, client *kube.Client) error {
	now, err := client.ServerTime(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range tasks(j.Entries(), client.Name) {
		if t.Event != EventExpecting || t.Ref.UID != "" {
			continue
		}
		found, err := client.Get(ctx, t.Ref)
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			continue
		}
		if err == nil && unproven(found, t.Tool, window{from: t.ServerTime, until: now}) == "" {
			err = j.append(Entry{Event: EventMade, Cluster: client.Name, Ref: kube.RefOf(found), Created: found.GetCreationTimestamp().UTC()})
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// End writes down what a run that stops acting is known to have made, and that it makes
// nothing more: what it leaves can then be undone later, by whoever has the journal.
func (j *Journal) End(ctx context.Context, clients []*kube.Client) error {
	var errs []error
	for _, client := range clients {
		at, err := client.ServerTime(ctx)
		if err == nil {
			err = errors.Join(j.Confirm(ctx, client), j.append(Entry{Event: EventEnded, Cluster: client.Name, ServerTime: at}))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Made implements kube.Journal. The line is not waited for on the disk: undo
// finds an object without it by its label.
func (j *Journal) Made(_ context.Context, cluster string, ref kube.Ref) error {
	return j.appendUnsynced(Entry{Event: EventMade, Cluster: cluster, Ref: ref})
}

// Labelling implements plan.Journal.
func (j *Journal) Labelling(_ context.Context, cluster string, ref kube.Ref, key string, before *string, after string) error {
	return j.append(Entry{Event: EventLabelling, Cluster: cluster, Ref: ref, Label: key, Before: before, After: after})
}

// Entries returns a copy of all entries so far.
func (j *Journal) Entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Entry(nil), j.entries...)
}

// append writes entries and waits until they are on the disk.
func (j *Journal) append(entries ...Entry) error {
	if err := j.appendUnsynced(entries...); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("ledger: write %s: %w", j.path, err)
	}
	return nil
}

func (j *Journal) appendUnsynced(entries ...Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now().UTC()
	for i := range entries {
		entries[i].Time = now
		if err := j.writeLocked(entries[i]); err != nil {
			return fmt.Errorf("ledger: write %s: %w", j.path, err)
		}
	}
	j.entries = append(j.entries, entries...)
	return nil
}

// write writes one value and waits until it is on the disk.
func (j *Journal) write(value any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.writeLocked(value); err != nil {
		return err
	}
	return j.file.Sync()
}

func (j *Journal) writeLocked(value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(line, '\n'))
	return err
}

func journalPath(dir, run string) string { return filepath.Join(dir, run+".jsonl") }

// syncDir makes a new file's name survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
