package mesh

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func istiodPod(image string, env ...corev1.EnvVar) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "istiod-1", Labels: map[string]string{"istio.io/rev": "asm-1"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: names.IstiodContainer, Image: image, Env: env}}},
	}
}

func TestControlPlaneOf(t *testing.T) {
	tests := []struct {
		image   string
		version string
		release cell.Version
	}{
		{"gcr.io/gke-release/asm/pilot:1.28.2-asm.4", "1.28.2-asm.4", cell.Version{Major: 1, Minor: 28}},
		{"localhost:5000/istio/pilot:1.31.0-eastwest", "1.31.0-eastwest", cell.Version{Major: 1, Minor: 31}},
		{"istio/pilot:1.23.1-distroless@sha256:abc", "1.23.1-distroless", cell.Version{Major: 1, Minor: 23}},
		{"localhost:5000/istio/pilot", "", cell.Version{}},
		{"istio/pilot:latest", "latest", cell.Version{}},
	}
	for _, test := range tests {
		got := controlPlaneOf("west", "asm-1", istiodPod(test.image,
			corev1.EnvVar{Name: "CLUSTER_ID", Value: "cn-fleet-global-west"}, corev1.EnvVar{Name: "PILOT_CERT_PROVIDER", Value: "kubernetes"}))
		want := ControlPlane{
			Cluster: "west", Revision: "asm-1", Version: test.version, Release: test.release,
			ClusterID: "cn-fleet-global-west", CertProvider: "kubernetes",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.image, diff)
		}
	}
}

func TestCertProviderDrift(t *testing.T) {
	provider := func(value string) corev1.EnvVar { return corev1.EnvVar{Name: "PILOT_CERT_PROVIDER", Value: value} }
	istiod := istiodPod("pilot:1", provider("kubernetes"))
	other := istiodPod("pilot:1", provider("kubernetes"))
	other.Labels["istio.io/rev"] = "asm-2"
	gateway := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "gateway-1", Labels: map[string]string{"istio.io/rev": "asm-1"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: names.Proxy, Env: []corev1.EnvVar{provider("istiod")}}}},
	}
	got := certProviderDrift("istiod", "asm-1", []corev1.Pod{*istiod, *other, *gateway, *istiodPod("pilot:1")})
	want := []string{"warning: pilotCertProvider=istiod was asked for, but pod istiod-1 has PILOT_CERT_PROVIDER=kubernetes"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
