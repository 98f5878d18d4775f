package keep

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// keepFor is how long an entry is kept that nobody asked for, unless a folder
// says otherwise: a lab of another checkout may still be running from it, and
// branches are switched back.
const keepFor = 24 * time.Hour

// partialSuffix marks an entry that is being made, or was when a build died.
const partialSuffix = ".partial"

// Folder is a folder of entries. An entry that has its final name is complete.
type Folder struct {
	Root string
	// Unused is how long an entry that nobody asks for is kept; 0 means a day.
	Unused time.Duration
}

// Path is where an entry is or will be.
func (f Folder) Path(name string) string { return filepath.Join(f.Root, name) }

// Has is true for a complete entry, and marks it as used now.
func (f Folder) Has(name string) bool {
	if _, err := os.Stat(f.Path(name)); err != nil {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(f.Path(name), now, now) // an entry that cannot be marked is pruned early, no more
	return true
}

// Make fills an entry beside its place and renames it there when fill
// succeeded. The caller holds the folder's lock.
func (f Folder) Make(name string, fill func(dir string) error) error {
	partial := f.Path(name) + partialSuffix
	if err := os.RemoveAll(partial); err != nil {
		return fmt.Errorf("clear what an interrupted run left: %w", err)
	}
	if err := os.MkdirAll(partial, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	if err := fill(partial); err != nil {
		return err
	}
	if err := os.Rename(partial, f.Path(name)); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

// Ensure gives an entry, making it under the lock when it is missing. waiting
// is called once if another process holds the lock.
func (f Folder) Ensure(ctx context.Context, name string, waiting func(), fill func(dir string) error) (string, error) {
	if f.Has(name) {
		return f.Path(name), nil
	}
	lock, err := f.Lock(ctx, waiting)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }() // closing ends the lock; nothing is written to it
	if f.Has(name) {
		return f.Path(name), nil // made while we waited
	}
	if err := f.Make(name, fill); err != nil {
		return "", err
	}
	f.Prune(time.Now(), name)
	return f.Path(name), nil
}

// Prune removes entries that were unused for too long and are not among inUse,
// and what interrupted runs left. What cannot be removed stays until the next
// time. The caller holds the folder's lock.
func (f Folder) Prune(now time.Time, inUse ...string) {
	unused := cmp.Or(f.Unused, keepFor)
	keep := map[string]bool{}
	for _, name := range inUse {
		keep[name] = true
	}
	entries, err := os.ReadDir(f.Root)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || keep[e.Name()] {
			continue
		}
		if strings.HasSuffix(e.Name(), partialSuffix) || now.Sub(info.ModTime()) > unused {
			_ = os.RemoveAll(f.Path(e.Name()))
		}
	}
}
