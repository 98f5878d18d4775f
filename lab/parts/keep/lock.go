package keep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	pollFirst = 100 * time.Millisecond
	pollMax   = time.Second
)

// Lock takes the folder's lock, waiting as long as another process holds it
// and ctx allows; waiting, which may be nil, is called once before that. The
// lock lasts until the file and every copy a child inherited are closed: the
// kernel ends it when its holders have died.
func (f Folder) Lock(ctx context.Context, waiting func()) (*os.File, error) {
	if err := os.MkdirAll(f.Root, 0o755); err != nil {
		return nil, fmt.Errorf("make a folder to keep things in: %w", err)
	}
	path := f.Path(".lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", f.Root, err)
	}
	if err := await(ctx, file, waiting); err != nil {
		_ = file.Close() // nothing was written
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}

// await polls: flock has no wait that a context could end.
func await(ctx context.Context, file *os.File, waiting func()) error {
	for poll := pollFirst; ; poll = min(2*poll, pollMax) {
		err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		if poll == pollFirst && waiting != nil {
			waiting()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(poll):
		}
	}
}
