package cell

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGatewayFlags(t *testing.T) {
	old, last, unified, now := Version{1, 19}, Version{1, 23}, Version{1, 24}, Version{1, 31}
	rows := []struct {
		name     string
		platform Platform
		ca       CA
		tools    Tools
		want     string
	}{
		{"guide, on premises, Mesh CA", GDCVMware, MeshCA, Tools{old, old}, "spec.values.global.pilotCertProvider=kubernetes"},
		{"guide, on premises, CA Service", GDCBareMetal, CAS, Tools{last, last}, "spec.values.global.pilotCertProvider=kubernetes"},
		{"guide, on premises, Istio's CA", GDCVMware, Istio, Tools{old, old}, "spec.values.global.pilotCertProvider=istiod"},
		{"guide, AWS", AWS, MeshCA, Tools{old, old}, "spec.values.global.pilotCertProvider=istiod"},
		{"from 1.24 there is only istiod", GDCVMware, MeshCA, Tools{unified, unified}, "values.global.pilotCertProvider=istiod"},
		{"now", Lab, Istio, Tools{now, now}, "values.global.pilotCertProvider=istiod"},
		{"a newer istioctl with an older mesh", GDCVMware, MeshCA, Tools{Mesh: last, Istioctl: unified}, "values.global.pilotCertProvider=kubernetes"},
		{"an older istioctl with a newer mesh", GDCVMware, MeshCA, Tools{Mesh: unified, Istioctl: last}, "spec.values.global.pilotCertProvider=istiod"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, _ := Lookup(row.platform, row.ca)
			if diff := cmp.Diff([]string{"--set", row.want}, c.GatewayFlags(row.tools)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInstallFlags(t *testing.T) {
	rows := []struct {
		platform Platform
		ca       CA
		want     string
	}{
		{GDCVMware, CAS, "--platform multicloud --ca gcp_cas"},
		{AWS, MeshCA, "--platform multicloud --ca mesh_ca"},
		{EKS, Istio, "--platform multicloud --ca citadel --option attached-cluster"},
		{AKS, Istio, "--platform multicloud --ca citadel --option attached-cluster"},
		{AKS, CAS, ""},
		{Other, Istio, ""},
		{Kind, Istio, ""},
		{Lab, Istio, ""},
	}
	for _, row := range rows {
		c, _ := Lookup(row.platform, row.ca)
		if got := strings.Join(c.InstallFlags(), " "); got != row.want {
			t.Errorf("%s x %s: got %q, want %q", row.platform, row.ca, got, row.want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	good := map[string]Version{
		"1.31": {1, 31}, "v1.31.1": {1, 31}, "1.28.2-asm.4": {1, 28}, "1.31-alpha.eed52ebb": {1, 31}, "1.9.0": {1, 9}, "2.0+build": {2, 0},
	}
	for s, want := range good {
		if got, err := ParseVersion(s); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "unknown", "1", "1.", ".9", "1.x", "-1.2", "1.-2", "asm-1191-0", "1.9x", "1.99999999"} {
		if got, err := ParseVersion(s); err == nil {
			t.Errorf("%q was read as %v", s, got)
		}
	}
}

func TestVersionOrder(t *testing.T) {
	rows := []struct {
		v, w Version
		want bool
	}{
		{Version{1, 24}, Version{1, 24}, true},
		{Version{1, 23}, Version{1, 24}, false},
		{Version{1, 9}, Version{1, 24}, false},
		{Version{2, 0}, Version{1, 24}, true},
		{Version{0, 99}, Version{1, 24}, false},
	}
	for _, row := range rows {
		if got := row.v.AtLeast(row.w); got != row.want {
			t.Errorf("%v at least %v: got %t", row.v, row.w, got)
		}
	}
}

func TestVersionText(t *testing.T) {
	var got Version
	if text, err := (Version{1, 25}).MarshalText(); err != nil || got.UnmarshalText(text) != nil || got != (Version{1, 25}) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := got.UnmarshalText([]byte("unknown")); err == nil || got != (Version{1, 25}) {
		t.Errorf("a bad version gave %v, %v", got, err)
	}
}

func FuzzParseVersion(f *testing.F) {
	f.Add("1.28.2-asm.4")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseVersion(s)
		if err != nil {
			return
		}
		if again, err := ParseVersion(v.String()); err != nil || again != v {
			t.Errorf("%q gave %v, and that %v, %v", s, v, again, err)
		}
	})
}
