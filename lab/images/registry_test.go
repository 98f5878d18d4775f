package images

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// smallStore is a store of two images with the same content, as HelloWorld's have.
func smallStore(t *testing.T) Store {
	t.Helper()
	dir := t.TempDir()
	images := []image{
		{ref: "istio/one:1", fs: rootfs{{path: "/x", mode: 0o644, data: "x"}}, config: v1.Config{User: "1:1"}},
		{ref: "two:2", fs: rootfs{{path: "/x", mode: 0o644, data: "x"}}, config: v1.Config{User: "2:2"}},
	}
	if err := writeStore(t.Context(), dir, images, func(Event) {}); err != nil {
		t.Fatal(err)
	}
	store, err := openStore(dir, Names{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestStoreReferences(t *testing.T) {
	store := smallStore(t)
	if diff := cmp.Diff([]string{"istio/one:1", "two:2"}, store.References()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if store.Digest("two:2") == store.Digest("istio/one:1") || store.Digest("docker.io/two:2") != store.Digest("two:2") {
		t.Error("digests: want one of its own for each image, with and without the default host")
	}
	if got := store.Digest("three:3"); got != "" {
		t.Errorf("an unknown image has the digest %q", got)
	}
}

// What a client pulls must be whole: every digest is that of the bytes.
func TestRegistryServesWholeImages(t *testing.T) {
	store := smallStore(t)
	server := httptest.NewServer(NewRegistry(store))
	defer server.Close()
	for _, tt := range []struct{ name, reference, ref, wantUser string }{
		{"istio/one", "1", "istio/one:1", "1:1"},
		{"two", "2", "two:2", "2:2"},
		{"library/two", "2", "two:2", "2:2"},
		{"any/name", store.Digest("two:2"), "two:2", "2:2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := server.URL + "/v2/" + tt.name
			manifest := get(t, base+"/manifests/"+tt.reference+"?ns=docker.io", store.Digest(tt.ref))
			parsed, err := v1.ParseManifest(bytes.NewReader(manifest))
			if err != nil {
				t.Fatal(err)
			}
			for _, layer := range parsed.Layers {
				get(t, base+"/blobs/"+layer.Digest.String(), layer.Digest.String())
			}
			config, err := v1.ParseConfigFile(bytes.NewReader(get(t, base+"/blobs/"+parsed.Config.Digest.String(), parsed.Config.Digest.String())))
			if err != nil {
				t.Fatal(err)
			}
			if config.Config.User != tt.wantUser || len(config.RootFS.DiffIDs) != 1 {
				t.Errorf("config %+v; want user %s and one layer", config, tt.wantUser)
			}
		})
	}
}

// get fetches a manifest or blob, and checks that it has the digest.
func get(t *testing.T, url, digest string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s: %s", url, resp.Status, body)
	}
	got, _, err := v1.SHA256(bytes.NewReader(body))
	if err != nil || got.String() != digest || resp.Header.Get("Docker-Content-Digest") != digest {
		t.Errorf("GET %s: got the bytes of %s and the header %s, want %s", url, got, resp.Header.Get("Docker-Content-Digest"), digest)
	}
	return body
}

func TestRegistryRefuses(t *testing.T) {
	absent := "sha256:" + strings.Repeat("0", 64)
	tests := []struct {
		name, method, path string
		wantStatus         int
		wantCode           string
	}{
		{"the probe", http.MethodGet, "/v2/", 200, ""},
		{"an unknown tag", http.MethodGet, "/v2/istio/one/manifests/9", 404, "MANIFEST_UNKNOWN"},
		{"an unknown digest", http.MethodGet, "/v2/istio/one/manifests/" + absent, 404, "MANIFEST_UNKNOWN"},
		{"an unknown blob", http.MethodGet, "/v2/istio/one/blobs/" + absent, 404, "BLOB_UNKNOWN"},
		{"a blob that is a path", http.MethodGet, "/v2/istio/one/blobs/sha256:..%2F..%2Findex.json", 404, "NAME_UNKNOWN"},
		{"a broken digest", http.MethodGet, "/v2/istio/one/blobs/sha256:xyz", 400, "DIGEST_INVALID"},
		{"another path", http.MethodGet, "/v2/istio/one/tags/list", 404, "NAME_UNKNOWN"},
		{"a push", http.MethodPost, "/v2/istio/one/blobs/uploads/", 405, "UNSUPPORTED"},
	}
	handler := NewRegistry(smallStore(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path+"?ns=docker.io", nil))
			if w.Code != tt.wantStatus || !strings.Contains(w.Body.String(), tt.wantCode) {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tt.wantStatus, tt.wantCode)
			}
		})
	}
}
