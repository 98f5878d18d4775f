package lab

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/internal/supervisor"
	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// Istio is one version of Istio that a running lab has, with all that is built beside it.
type Istio struct {
	// Version is one of parts.IstioVersions.
	Version string `json:"version"`
	// Bin is the folder of its istioctl and gen-eastwest-gateway.sh, and of kubectl.
	Bin string `json:"bin"`
	// Images are the names of its images, ProxyDigests those by which a pod may name its proxy.
	Images       images.Names `json:"images"`
	ProxyDigests []string     `json:"proxyDigests"`
}

// Program is the path of one of its programs, such as istioctl.
func (i Istio) Program(name string) string { return filepath.Join(i.Bin, name) }

func istioOf(version string, set parts.Set, store images.Store) (Istio, error) {
	digests, err := store.Digests(store.Names().Proxy())
	if err != nil {
		return Istio{}, err
	}
	return Istio{Version: version, Bin: set.BinDir(), Images: store.Names(), ProxyDigests: digests}, nil
}

// Own is the Istio that the lab was started with.
func (s State) Own() Istio { return s.Istios[0] }

// Istio is the lab's Istio of a version; empty means the one that it was started with. ok is
// false for one that [Lab.AddIstio] has not added.
func (s State) Istio(version string) (found Istio, ok bool) {
	if version == "" {
		return s.Own(), true
	}
	i := slices.IndexFunc(s.Istios, func(i Istio) bool { return i.Version == version })
	if i < 0 {
		return Istio{}, false
	}
	return s.Istios[i], true
}

// AddIstio builds another version of Istio, unless the cache or the lab has it, and serves its
// images to the lab's clusters. It installs nothing in them. version is one of
// parts.IstioVersions, or empty for the one that the lab was started with. Only one process
// changes a lab at a time; others get an error.
func (l *Lab) AddIstio(ctx context.Context, version string, o Options) (Istio, error) {
	if found, ok := l.State.Istio(version); ok {
		return found, nil
	}
	o, err := o.withDefaults()
	if err != nil {
		return Istio{}, err
	}
	o.Istio, o.Envoy = version, l.State.envoyOption()
	release, err := l.f.acquire()
	if err != nil {
		return Istio{}, err
	}
	defer release()
	if err := parts.Prepare(ctx, o.parts()); err != nil {
		return Istio{}, err
	}
	set, store, err := build(ctx, o)
	if err != nil {
		return Istio{}, err
	}
	if err := l.call(ctx, http.MethodPost, "/images", supervisor.ImagesRequest{Store: store.Dir(), Names: store.Names()}, nil); err != nil {
		return Istio{}, fmt.Errorf("serve the images of Istio %s: %w", version, err)
	}
	added, err := istioOf(version, set, store)
	if err != nil {
		return Istio{}, err
	}
	l.State.Istios = append(l.State.Istios, added)
	return added, l.f.writeState(l.State)
}

// envoyOption is what Options.Envoy was when the lab was started.
func (s State) envoyOption() string {
	if s.Envoy.Upstream {
		return ""
	}
	return s.Envoy.Path
}
