package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// materials are what a lab is made of.
type materials struct {
	options    Options
	executable string
	parts      parts.Set
	store      images.Store
	golden     string
}

// Prepare builds and caches what a lab is made of: parts, images, and the
// golden image store. It makes no cluster.
func Prepare(ctx context.Context, o Options) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	if err := parts.Prepare(ctx, o.parts()); err != nil {
		return err
	}
	_, err = prepare(ctx, o)
	return err
}

func prepare(ctx context.Context, o Options) (materials, error) {
	m := materials{options: o}
	say := progress(o.Progress)
	var err error
	if m.executable, err = executable(ctx, o); err != nil {
		return m, err
	}
	if m.parts, m.store, err = build(ctx, o); err != nil {
		return m, err
	}
	m.golden, err = images.Golden(ctx, images.GoldenOptions{Cache: o.Cache, Parts: m.parts, Store: m.store, Progress: say.images})
	if err != nil {
		return m, fmt.Errorf("unpack the lab's images: %w", err)
	}
	return m, nil
}

// build builds programs, and images of them, that the cache lacks.
func build(ctx context.Context, o Options) (parts.Set, images.Store, error) {
	set, err := parts.Build(ctx, o.parts())
	if err != nil {
		return set, images.Store{}, fmt.Errorf("build the lab's parts: %w", err)
	}
	store, err := images.Build(ctx, images.Options{Cache: o.Cache, Parts: set, Extra: o.Images, Progress: progress(o.Progress).images})
	if err != nil {
		return set, store, fmt.Errorf("build the lab's images: %w", err)
	}
	return set, store, nil
}

// quiet is how long a line of progress holds before the next of the same work.
const quiet = 3 * time.Second
