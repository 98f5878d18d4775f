package cell

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The matrix as the guide and the installation guide have it, written down a
// second time: "-" is refused, otherwise the guide's pilotCertProvider.
func TestMatrix(t *testing.T) {
	want := map[Platform][3]string{ // istio, meshca, cas
		GDCVMware:    {"istiod", "kubernetes", "kubernetes"},
		GDCBareMetal: {"istiod", "kubernetes", "kubernetes"},
		Azure:        {"istiod", "istiod", "-"},
		AWS:          {"istiod", "istiod", "-"},
		EKS:          {"istiod", "istiod", "-"},
		AKS:          {"istiod", "istiod", "-"},
		Other:        {"istiod", "-", "-"},
		Kind:         {"istiod", "-", "-"},
		Lab:          {"istiod", "-", "-"},
	}
	got := map[Platform][3]string{}
	for _, p := range Platforms() {
		var line [3]string
		for i, ca := range CAs() {
			c, ok := Lookup(p, ca)
			if !ok {
				t.Fatalf("%s x %s is missing", p, ca)
			}
			line[i] = c.GuideCertProvider
			if !c.Allowed {
				line[i] = "-"
			}
		}
		got[p] = line
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryCellIsExplained(t *testing.T) {
	cells := All()
	if want := len(Platforms()) * len(CAs()); len(cells) != want {
		t.Fatalf("got %d cells, want %d", len(cells), want)
	}
	for _, c := range cells {
		for what, text := range map[string]string{
			"title": c.Title, "reason": c.Reason, "source": c.Source, "home": string(c.Home),
			"load balancer": c.LoadBalancer.Maker, "source of the load balancer": c.LoadBalancer.Source,
		} {
			if text == "" {
				t.Errorf("%s x %s has no %s", c.Platform, c.CA, what)
			}
		}
		if c.Allowed != (c.GuideCertProvider != "") {
			t.Errorf("%s x %s: allowed %t, but pilotCertProvider %q", c.Platform, c.CA, c.Allowed, c.GuideCertProvider)
		}
	}
}

func TestTraits(t *testing.T) {
	type traits struct {
		Address    AddressKind
		Several    bool
		Deprecated bool
		Home       Environment
	}
	want := map[Platform]traits{
		GDCVMware:    {IP, false, false, OnFleet},
		GDCBareMetal: {IP, false, false, OnFleet},
		AWS:          {Hostname, true, true, OnFleet},
		Azure:        {IP, false, true, OnFleet},
		EKS:          {Hostname, true, true, OnFleet},
		AKS:          {IP, false, true, OnFleet},
		Other:        {IP, false, false, OnFleet},
		Kind:         {IP, false, false, OnKind},
		Lab:          {IP, false, false, OnLab},
	}
	got := map[Platform]traits{}
	for _, c := range All() {
		got[c.Platform] = traits{c.LoadBalancer.Address, c.LoadBalancer.Several, c.Deprecation != nil, c.Home}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRehearsable(t *testing.T) {
	want := map[Platform]bool{GDCVMware: true, GDCBareMetal: true, AWS: true, Azure: true, EKS: true, AKS: true}
	for _, c := range All() {
		ok, why := c.Rehearsable()
		if ok != (want[c.Platform] && c.CA == Istio) {
			t.Errorf("%s x %s: got %t", c.Platform, c.CA, ok)
		}
		if ok == (why != "") {
			t.Errorf("%s x %s: rehearsable %t, reason %q", c.Platform, c.CA, ok, why)
		}
	}
}

func TestParse(t *testing.T) {
	rows := []struct {
		platform, ca string
		want         []string // parts of the error
	}{
		{"aws", "istio", nil},
		{"gdc-vmware", "cas", nil},
		{"AWS", "istio", []string{`unknown platform "AWS": did you mean "aws"? want one of gdc-vmware, gdc-baremetal, aws`}},
		{"vmware", "istio", []string{`did you mean "gdc-vmware"?`}},
		{"gdc-vmwrae", "istio", []string{`did you mean "gdc-vmware"?`}},
		{"gdc_baremetal", "istio", []string{`did you mean "gdc-baremetal"?`}},
		{"esk", "istio", []string{`did you mean "eks"?`}},
		{"openshift", "istio", []string{`unknown platform "openshift": want one of`}},
		{"", "istio", []string{`unknown platform "": want one of`}},
		{"aws", "mesh_ca", []string{`unknown CA "mesh_ca": did you mean "meshca"? want one of istio, meshca, cas`}},
		{"aws", "citadel", []string{`did you mean "istio"?`}},
		{"aws", "gcp_cas", []string{`did you mean "cas"?`}},
		{"azur", "istoi", []string{`did you mean "azure"?`, `did you mean "istio"?`}}, // both at once
		{"aws", "cas", []string{"platform aws with CA cas is refused", "CA Service is supported only on GKE", "use CA istio or meshca"}},
		{"kind", "meshca", []string{"refused", "only in Google's images", "use CA istio"}},
	}
	for _, row := range rows {
		t.Run(row.platform+" "+row.ca, func(t *testing.T) {
			c, err := Parse(row.platform, row.ca)
			if len(row.want) == 0 {
				if err != nil || string(c.Platform) != row.platform || string(c.CA) != row.ca || !c.Allowed {
					t.Fatalf("got %+v, %v", c, err)
				}
				return
			}
			for _, want := range row.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
}

func TestRefusedCarriesItsCell(t *testing.T) {
	_, err := Parse("eks", "cas")
	var refused *Refused
	if !errors.As(err, &refused) || refused.Cell.Platform != EKS || refused.Cell.CA != CAS {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("aws", "istio")
	f.Add("gdc_vmware", "")
	f.Fuzz(func(t *testing.T, platform, ca string) {
		c, err := Parse(platform, ca)
		if err == nil && (!c.Allowed || string(c.Platform) != platform || string(c.CA) != ca) {
			t.Errorf("%q, %q gave %+v", platform, ca, c)
		}
	})
}
