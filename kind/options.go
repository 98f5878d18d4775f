package kind

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// Options say what clusters are wanted.
type Options struct {
	// Clusters is how many are made, 1 to MaxClusters.
	Clusters int
	Nodes    Nodes
	// Load are images that every node gets before Up returns; nil means none,
	// so that the nodes pull what they need.
	Load Archive
	// Cache is the folder below which the clusters are remembered; empty means
	// parts.DefaultCache.
	Cache string
	// Logs gets the nodes' logs when the clusters cannot be made; empty means
	// that they are lost.
	Logs string
	// Progress takes lines for a person; nil means none.
	Progress io.Writer
}

// Nodes say what the nodes are made of.
type Nodes struct {
	// Image is theirs; empty means the one that this version of kind was
	// released with, which the engine pulls.
	Image string
	// PodNetwork is true where the image's containerd makes the pod network, as
	// that of BuildNodeImage does, so that kind need not apply one.
	PodNetwork bool
	// Mirror is the URL of a registry that nodes ask for images of docker.io before
	// docker.io itself; see CheckMirror. Empty means none.
	Mirror string
}

// Archive opens a tar of images: an OCI layout or what "docker save" writes.
// Each node reads one of its own.
type Archive func() io.ReadCloser

// MaxClusters is how many clusters the address plan holds.
const MaxClusters = 50

func (o Options) withDefaults() (Options, error) {
	var errs []error
	if o.Clusters < 1 || o.Clusters > MaxClusters {
		errs = append(errs, fmt.Errorf("want 1 to %d kind clusters, got %d", MaxClusters, o.Clusters))
	}
	if o.Nodes.Mirror != "" {
		if err := CheckMirror(o.Nodes.Mirror); err != nil {
			errs = append(errs, fmt.Errorf("registry mirror of kind nodes: %w", err))
		}
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if o.Cache == "" {
		cache, err := parts.DefaultCache()
		errs = append(errs, err)
		o.Cache = cache
	}
	return o, errors.Join(errs...)
}

// runsFolder is where the clusters of every run are remembered.
func runsFolder(cache string) string { return filepath.Join(cache, "kind", "runs") }
