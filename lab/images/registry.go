package images

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Registry serves stores as a read-only OCI registry (the pull half of the
// OCI distribution specification 1.1) that answers for every registry host:
// containerd names the host in the ns query of a mirror, and it is ignored.
type Registry struct {
	mu     sync.RWMutex
	stores []Store // guarded by mu
}

// NewRegistry serves one store.
func NewRegistry(s Store) *Registry { return &Registry{stores: []Store{s}} }

// Add serves another store too. Of two images of one name that of the earlier store is served.
func (r *Registry) Add(s Store) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stores = append(r.stores, s)
}

// contentPath is /v2/<name>/manifests|blobs/<reference>; a name has slashes.
var contentPath = regexp.MustCompile(`^/v2/(.+)/(manifests|blobs)/([^/]+)$`)

// helloWorldName is the image of a HelloWorld version. Upstream has v1 and v2;
// here every further cluster's version is served too, by the neutral image.
var helloWorldName = regexp.MustCompile(`^istio/examples-helloworld-v\d+$`)

// ServeHTTP implements http.Handler.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		refuse(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "this registry only serves")
		return
	}
	if req.URL.Path == "/v2/" || req.URL.Path == "/v2" {
		return
	}
	m := contentPath.FindStringSubmatch(req.URL.Path)
	switch {
	case m == nil:
		refuse(w, http.StatusNotFound, "NAME_UNKNOWN", "no such path")
	case m[2] == "manifests":
		r.manifest(w, req, m[1], m[3])
	default:
		r.blob(w, req, m[3])
	}
}

func (r *Registry) manifest(w http.ResponseWriter, req *http.Request, name, reference string) {
	d, ok := r.find(name, reference)
	if !ok {
		refuse(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "the lab has no image "+name+":"+reference)
		return
	}
	r.serve(w, req, d.Digest, string(d.MediaType))
}

// find looks a manifest up by digest or tag. Clients put library/ before names
// without a slash on the default registry.
func (r *Registry) find(name, reference string) (v1.Descriptor, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.stores {
		if d, ok := s.find(name, reference); ok {
			return d, true
		}
	}
	return v1.Descriptor{}, false
}

func (s Store) find(name, reference string) (v1.Descriptor, bool) {
	if strings.Contains(reference, ":") {
		for _, d := range s.manifests {
			if d.Digest.String() == reference {
				return d, true
			}
		}
		return v1.Descriptor{}, false
	}
	name = strings.TrimPrefix(name, "library/")
	d, ok := s.manifests[name+":"+reference]
	if !ok && helloWorldName.MatchString(name) {
		d, ok = s.manifests[helloWorldAny]
	}
	return d, ok
}

func (r *Registry) blob(w http.ResponseWriter, req *http.Request, digest string) {
	h, err := v1.NewHash(digest) // accepts nothing that could leave the blobs' folder
	if err != nil {
		refuse(w, http.StatusBadRequest, "DIGEST_INVALID", err.Error())
		return
	}
	r.serve(w, req, h, string(types.OCILayer))
}

// serve sends a file of the store, or a range of it.
func (r *Registry) serve(w http.ResponseWriter, req *http.Request, h v1.Hash, mediaType string) {
	file, err := r.open(h)
	if errors.Is(err, fs.ErrNotExist) {
		refuse(w, http.StatusNotFound, "BLOB_UNKNOWN", "the lab has no blob "+h.String())
		return
	}
	if err != nil {
		refuse(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	defer func() { _ = file.Close() }() // opened for reading
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Docker-Content-Digest", h.String())
	http.ServeContent(w, req, "", time.Time{}, file)
}

// open opens a blob in the first store that has it.
func (r *Registry) open(h v1.Hash) (*os.File, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.stores {
		if file, err := os.Open(s.blobPath(h)); !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return nil, fs.ErrNotExist
}

// refuse answers with an error as the specification forms them.
func refuse(w http.ResponseWriter, status int, code, message string) {
	type item struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string][]item{"errors": {{code, message}}}) // the caller has gone
}
