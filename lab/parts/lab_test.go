package parts

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/lab/parts/envoy"
)

// TestLabBuild builds the real set (or opens it) and asks the programs who they are.
func TestLabBuild(t *testing.T) {
	opts := Options{}
	if err := Prepare(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	set, err := Build(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]string{}
	for _, f := range families(headIstio()) {
		for _, r := range readModule(t, f).Require {
			if r.Mod.Path == f.module {
				required[f.module] = r.Mod.Version
			}
		}
	}
	for _, v := range set.Versions() {
		if want, ok := required[v.Module]; ok && v.Version != want {
			t.Errorf("%s is %s %s, go.mod requires %s", v.Name, v.Module, v.Version, want)
		}
	}
	tests := []struct {
		program string
		args    []string
		want    string
	}{
		{"etcd", []string{"--version"}, "etcd Version: 3."},
		{"kube-apiserver", []string{"--version"}, "Kubernetes " + required["k8s.io/kubernetes"]},
		{"kube-controller-manager", []string{"--version"}, "Kubernetes " + required["k8s.io/kubernetes"]},
		{"kube-scheduler", []string{"--version"}, "Kubernetes " + required["k8s.io/kubernetes"]},
		{"kube-proxy", []string{"--version"}, "Kubernetes " + required["k8s.io/kubernetes"]},
		{"kubelet", []string{"--version"}, "Kubernetes " + required["k8s.io/kubernetes"]},
		{"kubeadm", []string{"version", "-o", "short"}, required["k8s.io/kubernetes"]},
		{"kubectl", []string{"version", "--client"}, "Client Version: " + required["k8s.io/kubernetes"]},
		{"containerd", []string{"--version"}, required["github.com/containerd/containerd/v2"]},
		{"containerd-shim-runc-v2", []string{"-v"}, required["github.com/containerd/containerd/v2"]},
		{"ctr", []string{"--version"}, required["github.com/containerd/containerd/v2"]},
		{"runc", []string{"--version"}, "libseccomp:"},
		{"coredns", []string{"-version"}, "CoreDNS-"},
		{"istioctl", []string{"version", "--remote=false"}, set.IstioRelease()},
		{"pilot-agent", []string{"version", "--short"}, set.IstioRelease()},
		{"pilot-discovery", []string{"version", "--short"}, set.IstioRelease()},
		{"install-cni", []string{"version", "--short"}, set.IstioRelease()},
		{"echo-client", []string{"--help"}, "Istio test Echo client"},
		{"echo-server", []string{"--help"}, "Echo application for testing Istio"},
		{"istio-cni", nil, "CNI plugin istio-cni " + set.IstioRelease()},
		{"ptp", nil, "CNI ptp plugin"},
		{"loopback", nil, "CNI loopback plugin"},
		{"host-local", nil, "CNI host-local plugin"},
		{"portmap", nil, "CNI portmap plugin"},
		{"envoy", []string{"--version"}, "/" + envoy.Version + "/Clean/RELEASE/BoringSSL"},
	}
	if len(tests) != len(set.Versions()) {
		t.Errorf("%d programs are asked, the set has %d", len(tests), len(set.Versions()))
	}
	for _, tt := range tests {
		t.Run(tt.program, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), set.Path(tt.program), tt.args...).CombinedOutput()
			if err != nil || !strings.Contains(string(out), tt.want) {
				t.Errorf("%s: %v, %q; want it to say %q", tt.program, err, out, tt.want)
			}
		})
	}
}
