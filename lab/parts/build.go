package parts

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
	"github.com/eastwest-mesh/eastwest/lab/parts/keep"
)

// Build gives the set of programs that are pinned, building what the
// cache lacks. Two builds never run at once, an interrupted one continues
// where it was, and a half-made set is never returned.
func Build(ctx context.Context, opts Options) (Set, error) {
	opts, err := opts.withDefaults(ctx)
	if err != nil {
		return Set{}, err
	}
	b := builder{Options: opts, folder: partsFolder(opts.Cache)}
	wanted, err := opts.chosen()
	if err != nil {
		return Set{}, err
	}
	if b.keys, err = familyKeys(ctx, opts.modules, wanted); err != nil {
		return Set{}, err
	}
	if !b.folder.Has(setName(b.keys)) || b.fetchesEnvoy() {
		if err := b.make(ctx); err != nil {
			return Set{}, err
		}
	}
	return b.open(ctx)
}

// partsFolder is where built families and the sets made from them are kept:
//
//	<family>-<key>/   the programs of one family
//	set-<id>/bin,cni  hard links into the families
//	set-<id>/set.json the programs' versions
//	envoy-<version>-<hash>/envoy
func partsFolder(cache string) keep.Folder {
	return keep.Folder{Root: filepath.Join(cache, "parts")}
}

// builder makes one set.
type builder struct {
	Options
	folder keep.Folder
	keys   []familyKey
}

// make builds what is missing while it holds the folder's lock.
func (b builder) make(ctx context.Context) error {
	lock, err := b.folder.Lock(ctx, func() {
		b.Progress(Event{Current: "waiting: another build of the parts is running"})
	})
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // closing ends the lock; nothing is written to it
	if b.fetchesEnvoy() {
		if err := b.fetchEnvoy(ctx); err != nil {
			return err
		}
	}
	set := setName(b.keys)
	if !b.folder.Has(set) {
		if err := b.makeSet(ctx, set, lock); err != nil {
			return err
		}
	}
	inUse := []string{set}
	for _, k := range b.keys {
		inUse = append(inUse, k.entry())
	}
	if entry, err := envoy.Entry(); err == nil {
		inUse = append(inUse, entry)
	}
	b.folder.Prune(time.Now(), inUse...)
	return nil
}

// makeSet builds the families that are missing and puts their programs together.
func (b builder) makeSet(ctx context.Context, set string, lock *os.File) error {
	for _, k := range b.keys {
		if b.folder.Has(k.entry()) {
			continue
		}
		if err := b.makeFamily(ctx, k, lock); err != nil {
			return err
		}
	}
	return b.folder.Make(set, b.assemble)
}

// makeFamily builds the programs of one family.
func (b builder) makeFamily(ctx context.Context, k familyKey, lock *os.File) error {
	begin := time.Now()
	report := func(e Event) {
		e.Family, e.Elapsed = k.name, time.Since(begin)
		b.Progress(e)
	}
	report(Event{Current: "downloading modules"})
	info, err := k.download(ctx, b.modules)
	if err != nil {
		return err
	}
	values, err := stampValues(k.family, info)
	if err != nil {
		return err
	}
	return b.folder.Make(k.entry(), func(dir string) error {
		build := goBuild{family: k.family, modules: b.modules, out: dir, linkFlags: k.ldflags(values), lock: lock, report: report}
		if err := build.run(ctx); err != nil {
			return err
		}
		return k.settle(dir)
	})
}

// settle gives the programs their names and checks that each is there.
func (f family) settle(dir string) error {
	for from, to := range f.renames {
		err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to))
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("name %s after its program: %w", to, err)
		}
	}
	for _, program := range f.programs {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return fmt.Errorf("build %s: go built no %s; the tool lines of lab/parts/pins/%s.mod and the table of families must name the same programs", f.name, program, f.name)
		}
	}
	return nil
}
