package images

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Extra is an image that somebody wants beside the lab's own.
type Extra struct {
	// Reference is its name, without a registry host: the lab's registry answers for any.
	Reference string
	// Programs are static programs and Files other files, by the path that each has in the
	// image; the values are paths on this machine.
	Programs, Files map[string]string
	// Shell adds busybox and curl.
	Shell bool
	// User is the numeric user and group; 0 is root.
	User       int
	Entrypoint []string
}

// extraImages lists the images, or all that is wrong with them.
func extraImages(ctx context.Context, extra []Extra) ([]image, error) {
	var (
		all  []image
		errs []error
	)
	for _, e := range extra {
		fs, err := e.content(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("image %s: %w", e.Reference, err))
			continue
		}
		all = append(all, image{ref: e.Reference, fs: fs, config: v1.Config{
			Entrypoint: e.Entrypoint, Env: []string{pathEnv}, User: userGroup(e.User),
		}})
	}
	return all, errors.Join(errs...)
}

func (e Extra) content(ctx context.Context) (rootfs, error) {
	var fs rootfs
	base(&fs)
	for _, at := range slices.Sorted(maps.Keys(e.Programs)) {
		fs.program(at, e.Programs[at])
	}
	for _, at := range slices.Sorted(maps.Keys(e.Files)) {
		fs.copyOf(at, e.Files[at])
	}
	if !e.Shell {
		return fs, nil
	}
	if err := fs.machineProgram(ctx, "/usr/bin/curl", "curl"); err != nil {
		return nil, err
	}
	return fs, fs.addBusybox(ctx)
}
