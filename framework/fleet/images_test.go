package fleet

import "testing"

// Istio has images of v1 and v2: a third cluster runs one of them by another name.
func TestUpstreamImagesExist(t *testing.T) {
	for clusters, want := range map[int]string{2: "docker.io/istio/examples-helloworld-v2:1.0", 3: "docker.io/istio/examples-helloworld-v1:1.0"} {
		if got := UpstreamImages(clusters).ForVersion(Version(clusters - 1)); got != want {
			t.Errorf("the last of %d clusters: got %s, want %s", clusters, got, want)
		}
	}
}
