package images

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// refAnnotation is OCI's name of a manifest in a layout's index.
	refAnnotation = "org.opencontainers.image.ref.name"
	// containerdAnnotation is the name under which containerd imports it.
	containerdAnnotation = "io.containerd.image.name"
	// defaultHost is what containerd puts before a reference without a host.
	defaultHost = "docker.io/"
)

// writeStore writes the images as an OCI layout.
func writeStore(ctx context.Context, dir string, images []image, progress func(Event)) error {
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return fmt.Errorf("write images: %w", err)
	}
	r := reporter{begin: time.Now(), total: len(images), send: progress}
	for i, img := range images {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.report(i, "image "+img.ref)
		if err := img.write(path); err != nil {
			return fmt.Errorf("image %s: %w", img.ref, err)
		}
	}
	r.report(len(images), "images written")
	return nil
}

func (img image) write(path layout.Path) error {
	layer, err := writeLayer(filepath.Join(string(path), "blobs"), img.fs, img.compress)
	if err != nil {
		return err
	}
	built, err := img.assemble(layer)
	if err != nil {
		return err
	}
	return path.AppendImage(built, layout.WithAnnotations(map[string]string{
		refAnnotation:        img.ref,
		containerdAnnotation: fullName(img.ref),
	}))
}

func (img image) assemble(layer v1.Layer) (v1.Image, error) {
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	withLayer, err := mutate.AppendLayers(base, layer)
	if err != nil {
		return nil, err
	}
	config, err := withLayer.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Architecture, config.OS = runtime.GOARCH, "linux"
	config.Config = img.config
	return mutate.ConfigFile(withLayer, config)
}

// fullName is a reference with its registry host, as containerd knows images by.
// The first part of a reference is a host if it has a dot (distribution's rule).
func fullName(ref string) string {
	if first, _, ok := strings.Cut(ref, "/"); ok && strings.Contains(first, ".") {
		return ref
	}
	return defaultHost + ref
}
