package mesh

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/mesh/tooltest"
)

func TestMain(m *testing.M) { os.Exit(tooltest.Main(m)) }

func TestProbeIstioctl(t *testing.T) {
	both := []string{"spec.values", "values"}
	tests := []struct {
		name      string
		behaviour tooltest.Behaviour
		want      Istioctl
		wantErr   string
	}{
		{"before 1.24 both are taken, and the guide's wins", tooltest.Behaviour{IstioctlVersion: "1.19.10-asm.9", Takes: both}, Istioctl{"1.19.10-asm.9", cell.Version{Major: 1, Minor: 19}, "spec.values"}, ""},
		{"from 1.24 on only values", tooltest.Behaviour{IstioctlVersion: "1.31.0", Takes: both[1:]}, Istioctl{"1.31.0", cell.Version{Major: 1, Minor: 31}, "values"}, ""},
		{"somebody's build that differs", tooltest.Behaviour{IstioctlVersion: "1.28.2-asm.4", Takes: both}, Istioctl{"1.28.2-asm.4", cell.Version{Major: 1, Minor: 28}, "spec.values"}, ""},
		{"a name without effect does not count", tooltest.Behaviour{IstioctlVersion: "1.28.2", Takes: both[1:], Ignores: both[:1]}, Istioctl{"1.28.2", cell.Version{Major: 1, Minor: 28}, "values"}, ""},
		{"a build without stamps", tooltest.Behaviour{IstioctlVersion: "unknown", Takes: both[1:]}, Istioctl{Version: "unknown", ValuesPath: "values"}, ""},
		{"neither", tooltest.Behaviour{IstioctlVersion: "2.0.0"}, Istioctl{}, "takes neither spec.values nor values"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tools := tooltest.Install(t, test.behaviour)
			got, err := ProbeIstioctl(t.Context(), tools.Istioctl, kube.LocalBounds())
			if (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Fatalf("want error %q, got %v", test.wantErr, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := ProbeIstioctl(t.Context(), "/no/such/istioctl", kube.LocalBounds()); err == nil || !strings.Contains(err.Error(), "ask istioctl for its version") {
		t.Errorf("want the missing program reported, got %v", err)
	}
}

func TestTooling(t *testing.T) {
	v := func(minor int) cell.Version { return cell.Version{Major: 1, Minor: minor} }
	plane := func(cluster string, minor int, version string) ControlPlane {
		return ControlPlane{Cluster: cluster, Release: v(minor), Version: version}
	}
	tests := []struct {
		name     string
		platform cell.Platform
		ca       cell.CA
		probed   Istioctl
		planes   []ControlPlane
		want     string
		notes    []string
	}{
		{"the guide", cell.GDCVMware, cell.MeshCA, Istioctl{"1.19.10-asm.9", v(19), "spec.values"}, []ControlPlane{plane("a", 19, "1.19.10-asm.9")}, "spec.values.global.pilotCertProvider=kubernetes", nil},
		{"now", cell.AWS, cell.Istio, Istioctl{"1.31.0", v(31), "values"}, []ControlPlane{plane("a", 31, "1.31.0")}, "values.global.pilotCertProvider=istiod", nil},
		{"to be installed", cell.Lab, cell.Istio, Istioctl{"1.31.0", v(31), "values"}, nil, "values.global.pilotCertProvider=istiod", nil},
		{
			"tools of another release", cell.GDCVMware, cell.MeshCA,
			Istioctl{"1.28.2-asm.4", v(28), "spec.values"},
			[]ControlPlane{plane("a", 23, "1.23.1-asm.1")},
			"spec.values.global.pilotCertProvider=kubernetes",
			[]string{"istioctl is of 1.28.2-asm.4, the control plane of cluster \"a\" of 1.23.1-asm.1", "takes spec.values in --set, where Istio's own of that release takes values"},
		},
		{
			"two releases", cell.GDCVMware, cell.CAS,
			Istioctl{"1.28.0", v(28), "values"},
			[]ControlPlane{plane("a", 23, "1.23.0"), plane("b", 28, "1.28.0")},
			"values.global.pilotCertProvider=istiod",
			[]string{`cluster "a" has a control plane of 1.23.0, others have 1.28`, "use the istioctl of its version"},
		},
		{"no version to be read", cell.GDCVMware, cell.MeshCA, Istioctl{Version: "unknown", ValuesPath: "values"}, []ControlPlane{{Cluster: "a", Version: "latest"}}, "values.global.pilotCertProvider=istiod", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asked, _ := cell.Lookup(test.platform, test.ca)
			got := tooling(asked, test.probed, test.planes)
			if diff := cmp.Diff([]string{"--set", test.want}, got.GatewayFlags); diff != "" {
				t.Errorf("flags (-want +got):\n%s", diff)
			}
			if len(got.Notes) != len(test.notes) {
				t.Fatalf("want %d notes, got %q", len(test.notes), got.Notes)
			}
			for i, want := range test.notes {
				if !strings.Contains(got.Notes[i], want) {
					t.Errorf("want note %q, got %q", want, got.Notes[i])
				}
			}
		})
	}
}
