package images

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/keep"
)

// goldenFormat changes when golden roots are made in another way.
const goldenFormat = "3"

// goldenUnused is how long an unused golden root is kept. Nodes have links of
// their own, so it is only of use to the next lab with the same images.
const goldenUnused = time.Hour

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
	folder := keep.Folder{Root: filepath.Join(opts.Cache, "golden"), Unused: goldenUnused}
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
	if err := keepImagesOnly(dir); err != nil {
		return err
	}
	return shareBlobs(dir, opts.Store)
}

// shareBlobs replaces the blobs that containerd copied from the store by hard
// links to the store's: half of a golden root is theirs.
func shareBlobs(dir string, store Store) error {
	blobs := filepath.Join(dir, contentStore, "blobs", "sha256")
	entries, err := os.ReadDir(blobs)
	if err != nil {
		return err
	}
	for _, e := range entries {
		ours, theirs := store.blobPath(v1.Hash{Algorithm: "sha256", Hex: e.Name()}), filepath.Join(blobs, e.Name())
		if _, err := os.Stat(ours); err != nil {
			continue // containerd's own, such as the index of the import
		}
		if err := errors.Join(os.Remove(theirs), os.Link(ours, theirs)); err != nil {
			return fmt.Errorf("share a blob with the store: %w", err)
		}
	}
	return nil
}

// contentStore is where containerd keeps blobs, below its root.
const contentStore = "io.containerd.content.v1.content"

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
