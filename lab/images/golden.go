package images

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/keep"
)

// goldenFormat changes when golden roots are made in another way.
const goldenFormat = "2"

// GoldenOptions says what a golden containerd root is made of.
type GoldenOptions struct {
	Cache    string // as in Options
	Parts    parts.Set
	Store    Store
	Progress func(Event) // nil is allowed
}

// Golden gives the folder of a containerd root (content, overlayfs snapshots,
// databases) that has every image of the store, unpacked and pinned, in
// namespace k8s.io. It is made once for a set of images and a containerd
// version, by running containerd for a moment. Needs root.
func Golden(ctx context.Context, opts GoldenOptions) (dir string, err error) {
	if opts.Cache == "" {
		if opts.Cache, err = parts.DefaultCache(); err != nil {
			return "", err
		}
	}
	if opts.Progress == nil {
		opts.Progress = func(Event) {}
	}
	r := reporter{begin: time.Now(), total: len(opts.Store.References()), send: opts.Progress}
	folder := keep.Folder{Root: filepath.Join(opts.Cache, "golden")}
	dir, err = folder.Ensure(ctx, opts.name(), nil, func(dir string) error {
		r.report(0, "unpacking images")
		return fillGolden(ctx, opts, dir)
	})
	if err != nil {
		return "", fmt.Errorf("make the containerd root that nodes are cloned from: %w", err)
	}
	r.report(r.total, "images unpacked")
	return dir, nil
}

// name hashes the images and the containerd that unpacks them.
func (o GoldenOptions) name() string {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, goldenFormat, o.Parts.Version("containerd"))
	for _, ref := range o.Store.References() {
		_, _ = fmt.Fprintln(h, ref, o.Store.Digest(ref))
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:16]
}

// fillGolden runs containerd with its root in dir and imports the store.
func fillGolden(ctx context.Context, opts GoldenOptions, dir string) error {
	d, err := startContainerd(ctx, opts.Parts, dir)
	if err != nil {
		return err
	}
	err = d.importStore(ctx, opts.Store)
	if stopErr := d.stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		return err
	}
	return keepImagesOnly(dir)
}

// keepImagesOnly removes what belongs to one daemon, such as its identity: a
// clone's daemon makes its own.
func keepImagesOnly(dir string) error {
	images := map[string]bool{
		"io.containerd.content.v1.content":       true,
		"io.containerd.metadata.v1.bolt":         true,
		"io.containerd.snapshotter.v1.overlayfs": true,
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if images[e.Name()] {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
