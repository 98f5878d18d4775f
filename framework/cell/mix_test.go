package cell

import (
	"errors"
	"strings"
	"testing"
)

func TestMix(t *testing.T) {
	rows := []struct {
		name      string
		platforms []Platform
		ca        CA
		want      []string // parts of the error; none: allowed
	}{
		{"one platform", []Platform{AWS, AWS, AWS}, Istio, nil},
		{"VMware and bare metal", []Platform{GDCVMware, GDCBareMetal}, CAS, nil},
		{"all attached, one platform", []Platform{EKS, EKS}, MeshCA, nil},
		{"attached, two platforms", []Platform{EKS, AKS}, Istio, []string{"eks, aks is refused", "all EKS or all AKS", "FEATURES"}},
		{"attached and on premises", []Platform{GDCVMware, EKS}, Istio, []string{"all EKS or all AKS"}},
		{"two clouds", []Platform{AWS, Azure}, Istio, []string{"no mesh over several clouds", "HYBRID"}},
		{"a cloud and on premises", []Platform{AWS, GDCVMware}, Istio, []string{"no mesh over several clouds"}},
		{"lab and kind", []Platform{Lab, Kind}, Istio, []string{"networks of their own"}},
		{"lab and VMware", []Platform{Lab, GDCVMware}, Istio, []string{"networks of their own"}},
		{"lab and attached", []Platform{EKS, Lab}, Istio, []string{"networks of their own"}},
		{"clusters that the guide does not list", []Platform{Other, Other}, Istio, nil},
		{"listed and unlisted", []Platform{GDCVMware, Other}, Istio, []string{"give each the platform other"}},
		{"unlisted and attached", []Platform{Other, EKS}, Istio, []string{"give each the platform other"}},
		{"lab and unlisted", []Platform{Lab, Other}, Istio, []string{"networks of their own"}},
		{"a refused cell, reported once", []Platform{AWS, AWS}, CAS, []string{"platform aws with CA cas is refused"}},
		{"cell and mixture", []Platform{GDCVMware, AWS}, CAS, []string{"platform aws with CA cas", "no mesh over several clouds"}},
		{"an unknown platform", []Platform{"awz"}, Istio, []string{`unknown platform "awz"`, `"aws"`}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			err := Mix(row.platforms, row.ca)
			if (err == nil) != (len(row.want) == 0) {
				t.Fatalf("want %q, got %v", row.want, err)
			}
			for _, want := range row.want {
				if strings.Count(err.Error(), want) != 1 {
					t.Errorf("want %q once, got %v", want, err)
				}
			}
		})
	}
}

func TestMixErrorsCanBeTold(t *testing.T) {
	err := Mix([]Platform{GDCVMware, AWS}, CAS)
	var (
		cell    *Refused
		mixture *MixRefused
	)
	if !errors.As(err, &cell) || cell.Cell.Platform != AWS {
		t.Errorf("want the refused cell, got %v", err)
	}
	if !errors.As(err, &mixture) || len(mixture.Platforms) != 2 || mixture.Source == "" {
		t.Errorf("want the refused mixture, got %v", err)
	}
}

// Every pair is either one platform or judged by a rule with a source; nothing
// but the one documented pair is let through by silence.
func TestMixPairs(t *testing.T) {
	for _, a := range Platforms() {
		for _, b := range Platforms() {
			var mixture *MixRefused
			refused := errors.As(Mix([]Platform{a, b}, Istio), &mixture)
			onPremises := strings.HasPrefix(string(a), "gdc-") && strings.HasPrefix(string(b), "gdc-")
			if want := a != b && !onPremises; refused != want {
				t.Errorf("%s with %s: refused is %t, want %t", a, b, refused, want)
			}
			if refused && (mixture.Reason == "" || mixture.Source == "") {
				t.Errorf("%s with %s: no reason or source", a, b)
			}
		}
	}
}

func TestMixtures(t *testing.T) {
	all := Mixtures()
	if n := len(Platforms()); len(all) != n*(n-1)/2 {
		t.Errorf("%d pairs of %d platforms", len(all), n)
	}
	for _, pair := range all {
		var refused *MixRefused
		if errors.As(Mix(pair.Platforms[:], Istio), &refused) == pair.Allowed {
			t.Errorf("%v: allowed is %t, and Mix says otherwise", pair.Platforms, pair.Allowed)
		}
		if pair.Reason == "" || pair.Source == "" {
			t.Errorf("%v has no reason or source", pair.Platforms)
		}
	}
}
