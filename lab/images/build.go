package images

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/lab/parts/keep"
)

// storeFormat changes when stores are written in another way.
const storeFormat = "1"

// Build gives the lab's images, making those that the cache lacks. A store is
// named by all that is in its images: when nothing changed, it is the same.
func Build(ctx context.Context, opts Options) (Store, error) {
	programs, err := lockPrograms(ctx, opts)
	if err != nil {
		return Store{}, err
	}
	defer programs.close()
	opts = programs.options
	names := namesFor(opts.Parts)
	images, err := contents(ctx, opts, names, programs.folder)
	if err != nil {
		return Store{}, err
	}
	name, err := storeName(images)
	if err != nil {
		return Store{}, err
	}
	stores := keep.Folder{Root: filepath.Join(opts.Cache, "images", "stores")}
	dir, err := stores.Ensure(ctx, name, nil, func(dir string) error {
		return writeStore(ctx, dir, images, opts.Progress)
	})
	if err != nil {
		return Store{}, err
	}
	return openStore(dir, names)
}

// builtPrograms are our own, and nobody writes them until they are closed.
type builtPrograms struct {
	options Options // with defaults
	folder  string
	lock    io.Closer
}

// lockPrograms builds the programs of images and keeps other runs from doing so:
// go must not write a program while an image is made of it.
func lockPrograms(ctx context.Context, opts Options) (builtPrograms, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return builtPrograms{}, err
	}
	folder := keep.Folder{Root: filepath.Join(opts.Cache, "images", "programs")}
	lock, err := folder.Lock(ctx, nil)
	if err != nil {
		return builtPrograms{}, err
	}
	if err := buildPrograms(ctx, folder.Root, opts.Progress); err != nil {
		return builtPrograms{}, errors.Join(err, lock.Close())
	}
	return builtPrograms{options: opts, folder: folder.Root, lock: lock}, nil
}

// close ends the lock; nothing was written to its file.
func (p builtPrograms) close() { _ = p.lock.Close() }

func (o Options) withDefaults() (Options, error) {
	if o.Cache == "" {
		cache, err := parts.DefaultCache()
		if err != nil {
			return o, err
		}
		o.Cache = cache
	}
	if o.Progress == nil {
		o.Progress = func(Event) {}
	}
	return o, nil
}

// namesFor gives the images' references for a set of parts.
func namesFor(set parts.Set) Names {
	return Names{
		Hub:   parts.IstioHub,
		Tag:   set.IstioRelease(),
		Pause: "eastwest/pause:1.0",
		Sleep: "eastwest/sleep:1.0",
		Echo:  "eastwest/echo:1.0",
	}
}

// storeName hashes everything that goes into the images.
func storeName(images []image) (string, error) {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, storeFormat)
	for _, img := range images {
		content, err := img.fs.fingerprint()
		if err != nil {
			return "", fmt.Errorf("image %s: %w", img.ref, err)
		}
		config, err := json.Marshal(img.config)
		if err != nil {
			return "", fmt.Errorf("image %s: %w", img.ref, err)
		}
		_, _ = fmt.Fprintf(h, "%s %s %s\n", img.ref, content, config)
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:16], nil
}

// reporter sends events of one piece of work.
type reporter struct {
	begin time.Time
	total int
	send  func(Event)
}

func (r reporter) report(done int, doing string) {
	r.send(Event{Doing: doing, Done: done, Total: r.total, Elapsed: time.Since(r.begin)})
}
