package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Folder is where a run keeps files for as long as it lasts, such as the
// kubeconfigs that it gives to programs. It is held like a journal: when the
// process is gone, whoever sweeps knows that nobody needs the files any more.
type Folder struct {
	path string
	held *os.File
}

// folderSuffix tells the folder of a run from its journal beside it.
const folderSuffix = ".files"

// NewFolder makes the folder of a run below dir, for its owner only.
func NewFolder(dir, run string) (*Folder, error) {
	path := filepath.Join(dir, run+folderSuffix)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("ledger: make a folder for run %s: %w", run, err)
	}
	held, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ledger: open the folder of run %s: %w", run, err)
	}
	if err := hold(held, run); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return &Folder{path: path, held: held}, nil
}

// Path is where the files go.
func (f *Folder) Path() string { return f.path }

// Remove deletes the folder with all files.
func (f *Folder) Remove() error {
	if err := errors.Join(os.RemoveAll(f.path), f.held.Close()); err != nil {
		return fmt.Errorf("ledger: remove %s: %w", f.path, err)
	}
	return nil
}

// SweepFolders removes the folders below dir whose runs are over, and tells how many.
func SweepFolders(dir string) (removed int, err error) {
	found, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("ledger: %w", err)
	}
	var errs []error
	for _, entry := range found {
		run, isFolder := strings.CutSuffix(entry.Name(), folderSuffix)
		if !isFolder || !entry.IsDir() {
			continue
		}
		folder, err := NewFolder(dir, run) // held by nobody else, or an RunInProgressError
		var alive *RunInProgressError
		switch {
		case errors.As(err, &alive):
		case err != nil:
			errs = append(errs, err)
		default:
			removed++
			errs = append(errs, folder.Remove())
		}
	}
	return removed, errors.Join(errs...)
}
