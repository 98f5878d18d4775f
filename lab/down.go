package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/internal/cgroup"
)

// sweepBound is how long removing a lab may take: the kernel ends some hundred
// processes and their mounts.
const sweepBound = 30 * time.Second

// Open returns the running lab of the options' name.
func Open(o Options) (*Lab, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	f := o.folders()
	st, err := f.running()
	if err != nil {
		return nil, fmt.Errorf("lab %q: %w", f.name, err)
	}
	if len(st.Istios) == 0 {
		return nil, fmt.Errorf("lab %q was started by an older eastwest; end it with \"eastwest lab down\", and start it again", f.name)
	}
	return &Lab{State: st, f: f}, nil
}

// Down ends the lab of the options' name, running or crashed, and removes
// what is left of it. It reports whether there was anything.
func Down(ctx context.Context, o Options) (bool, error) {
	o, err := o.withDefaults()
	if err != nil {
		return false, err
	}
	f := o.folders()
	release, err := f.acquire()
	if err != nil {
		return false, err
	}
	defer release()
	_, statErr := os.Stat(f.dir())
	group, err := cgroup.Open(f.cgroupPath())
	if err != nil {
		return false, err
	}
	found := statErr == nil || group.Exists()
	ctx, cancel := context.WithTimeout(ctx, sweepBound)
	defer cancel()
	if err := f.sweep(ctx); err != nil {
		return found, err
	}
	if err := os.Remove(f.lock()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return found, err
	}
	return found, nil
}

// Down ends the lab.
func (l *Lab) Down(ctx context.Context) error {
	_, err := Down(ctx, Options{Name: l.f.name, Cache: l.f.cache()})
	return err
}

// sweep ends whatever of the lab still runs and removes its cgroups and files.
// Links, addresses and mounts are gone with the namespaces.
func (f folders) sweep(ctx context.Context) error {
	st, err := f.readState()
	if err == nil {
		if err := st.Process.End(ctx); err != nil {
			return fmt.Errorf("end lab %q: %w", f.name, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	group, err := cgroup.Open(f.cgroupPath())
	if err != nil {
		return err
	}
	if err := group.Remove(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(f.dir()); err != nil {
		return fmt.Errorf("remove the files of lab %q: %w", f.name, err)
	}
	return nil
}
