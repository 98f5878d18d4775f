package images

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// Store holds the built images of a lab: an OCI layout on disk.
type Store struct {
	dir       string
	names     Names
	manifests map[string]v1.Descriptor // by reference, without a registry host
}

func openStore(dir string, names Names) (Store, error) {
	path, err := layout.FromPath(dir)
	if err != nil {
		return Store{}, fmt.Errorf("open images %s: %w", dir, err)
	}
	index, err := path.ImageIndex()
	if err != nil {
		return Store{}, fmt.Errorf("open images %s: %w", dir, err)
	}
	content, err := index.IndexManifest()
	if err != nil {
		return Store{}, fmt.Errorf("open images %s: %w", dir, err)
	}
	s := Store{dir: dir, names: names, manifests: map[string]v1.Descriptor{}}
	for _, d := range content.Manifests {
		s.manifests[d.Annotations[refAnnotation]] = d
	}
	return s, nil
}

// Names are the references of the images in the store.
func (s Store) Names() Names { return s.names }

// References lists every image of the store, sorted, without a registry host.
func (s Store) References() []string {
	refs := make([]string, 0, len(s.manifests))
	for ref := range s.manifests {
		refs = append(refs, ref)
	}
	sort.Strings(refs)
	return refs
}

// Digest is an image's manifest digest ("sha256:..."), "" for an unknown
// reference. The default registry host may be there or not.
func (s Store) Digest(ref string) string {
	d, ok := s.manifests[strings.TrimPrefix(ref, defaultHost)]
	if !ok {
		return ""
	}
	return d.Digest.String()
}

// Digests are all by which a node may know an image: its manifest's, or, where a
// node got it from an archive, its configuration's. None for an unknown reference.
func (s Store) Digests(ref string) ([]string, error) {
	d, ok := s.manifests[strings.TrimPrefix(ref, defaultHost)]
	if !ok {
		return nil, nil
	}
	data, err := os.ReadFile(s.blobPath(d.Digest))
	if err != nil {
		return nil, fmt.Errorf("read the manifest of %s: %w", ref, err)
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read the manifest of %s: %w", ref, err)
	}
	return []string{d.Digest.String(), manifest.Config.Digest.String()}, nil
}

// blobPath is where a blob lies, if the store has it.
func (s Store) blobPath(h v1.Hash) string {
	return filepath.Join(s.dir, "blobs", h.Algorithm, h.Hex)
}
