package images

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func TestExtraImages(t *testing.T) {
	got, err := extraImages(t.Context(), []Extra{{
		Reference: "istio/app:1", User: 1338, Entrypoint: []string{"/server"},
		Programs: map[string]string{"/server": "/built/server", "/client": "/built/client"},
		Files:    map[string]string{"/cert.crt": "/certs/chain.pem"},
	}})
	if err != nil || len(got) != 1 {
		t.Fatalf("got %d images, %v", len(got), err)
	}
	want := v1.Config{Entrypoint: []string{"/server"}, Env: []string{pathEnv}, User: "1338:1338"}
	if diff := cmp.Diff(want, got[0].config); got[0].ref != "istio/app:1" || diff != "" {
		t.Errorf("image %s (-want +got):\n%s", got[0].ref, diff)
	}
	for _, e := range []entry{
		{path: "/client", mode: 0o755, from: "/built/client"},
		{path: "/server", mode: 0o755, from: "/built/server"},
		{path: "/cert.crt", mode: 0o644, from: "/certs/chain.pem"},
	} {
		if !slices.Contains(got[0].fs, e) {
			t.Errorf("want %+v in it", e)
		}
	}
}
