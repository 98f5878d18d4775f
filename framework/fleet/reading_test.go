package fleet

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestIstiodVersion(t *testing.T) {
	for image, want := range map[string]string{
		"docker.io/istio/pilot:1.31.1":                               "1.31.1",
		"registry.example:5000/istio/pilot:1.28.2-asm.4@sha256:0123": "1.28.2-asm.4",
		"registry.example:5000/istio/pilot@sha256:0123":              "",
		"registry.example:5000/istio/pilot":                          "",
	} {
		pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "discovery", Image: image}}}}
		if got := IstiodVersion(pod); got != want {
			t.Errorf("%s: got %q, want %q", image, got, want)
		}
	}
	if got := IstiodVersion(&corev1.Pod{}); got != "" {
		t.Errorf("no container: got %q", got)
	}
}

// Istio has images of v1 and v2: a third cluster runs one of them by another name.
func TestUpstreamImagesExist(t *testing.T) {
	for clusters, want := range map[int]string{2: "docker.io/istio/examples-helloworld-v2:1.0", 3: "docker.io/istio/examples-helloworld-v1:1.0"} {
		if got := UpstreamImages(clusters).ForVersion(Version(clusters - 1)); got != want {
			t.Errorf("the last of %d clusters: got %s, want %s", clusters, got, want)
		}
	}
}
