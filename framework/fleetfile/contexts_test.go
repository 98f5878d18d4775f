package fleetfile

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation"
)

func TestPairs(t *testing.T) {
	tests := []struct {
		name                  string
		kubeconfigs, contexts []string
		want                  []Pair
		wantErr               string
	}{
		{name: "as many of both", kubeconfigs: []string{"a", "b"}, contexts: []string{"x", "y"}, want: []Pair{{"a", "x"}, {"b", "y"}}},
		{name: "one kubeconfig", kubeconfigs: []string{"a"}, contexts: []string{"x", "y"}, want: []Pair{{"a", "x"}, {"a", "y"}}},
		{name: "current contexts", kubeconfigs: []string{"a", "b"}, want: []Pair{{"a", ""}, {"b", ""}}},
		{name: "no kubeconfig", contexts: []string{"x"}, wantErr: "want --kubeconfig too"},
		{name: "two and three", kubeconfigs: []string{"a", "b"}, contexts: []string{"x", "y", "z"}, wantErr: "2 times --kubeconfig and 3 times --context"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Pairs(test.kubeconfigs, test.contexts)
			if (err == nil) != (test.wantErr == "") || err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Fatalf("want error %q, got %v", test.wantErr, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFromContexts(t *testing.T) {
	s := newSite(t, goodFleet)
	at := func(name string) string { return filepath.Join(s.dir, name) }
	pairs := []Pair{{at("west.yaml"), ""}, {at("east.yaml"), "admin@east"}}
	opts := Options{Platform: "gdc-vmware", Machine: s.machine("istioctl")}
	f, err := FromContexts(pairs, opts)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range f.Clusters {
		names = append(names, c.Name+" "+c.Context+" "+c.Platform)
	}
	if diff := cmp.Diff([]string{"admin-west admin@west gdc-vmware", "admin-east admin@east gdc-vmware"}, names); diff != "" {
		t.Error(diff)
	}
	_, err = FromContexts([]Pair{pairs[0], {at("west.yaml"), "gone"}, {at("west.yaml"), "admin@west"}}, opts)
	wantInvalid(t, err, `--context gone: kubeconfig`, "clusters admin-west and admin-west-2 have the same kubeconfig and context")
}

// Who only reads needs neither programs nor addresses for other clusters, by contexts and by
// a file; what is wrong with a kubeconfig is reported as ever.
func TestReading(t *testing.T) {
	text := strings.NewReplacer("kubeconfig: west.yaml", "kubeconfig: loopback.yaml", "outputDir: out", "outputDir: nowhere\n  asmcli: asmcli").Replace(goodFleet)
	s := newSite(t, text+"samplesDir: nowhere\n")
	s.kubeconfigs(t)
	opts := Options{Platform: "other", Reading: true, Machine: s.machine()}
	at := func(name string) Pair { return Pair{Kubeconfig: filepath.Join(s.dir, name)} }
	pairs := []Pair{at("loopback.yaml"), at("west.yaml")}
	f, err := FromContexts(pairs, opts)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Specs()[0].RemoteServer; got != "" {
		t.Errorf("want no address for other clusters, got %q", got)
	}
	if _, err := Load(s.file, Options{Reading: true, Machine: opts.Machine}); err != nil {
		t.Error(err)
	}
	_, err = FromContexts([]Pair{at("plugin.yaml"), at("west.yaml")}, opts)
	wantInvalid(t, err, "always asks at a terminal")
	opts.Reading = false
	_, err = FromContexts(pairs, opts)
	wantInvalid(t, err, "give server", "no istioctl")
}

func TestClean(t *testing.T) {
	tests := map[string]string{
		"west":                                 "west",
		"admin@west.example":                   "admin-west-example",
		"gke_project_europe-west1_c1":          "gke-project-europe-west1-c1",
		"arn:aws:eks:eu-west-1:123:cluster/c1": "arn-aws-eks-eu-west-1-123-cluster-c1",
		"Admin":                                "admin",
		"--":                                   "",
		"Übung":                                "bung",
	}
	for given, want := range tests {
		if got := clean(given); got != want {
			t.Errorf("clean(%q) = %q, want %q", given, got, want)
		}
	}
	if a, b := clean(long(70)+"a"), clean(long(70)+"b"); a == b || len(a) != 63 {
		t.Errorf("want long names of 63 letters that stay apart, got %q and %q", a, b)
	}
}

func long(n int) string { return strings.Repeat("w", n) }

func FuzzClean(f *testing.F) {
	f.Add("arn:aws:eks:eu-west-1:123:cluster/c1")
	f.Fuzz(func(t *testing.T, name string) {
		taken := map[string]bool{}
		for range 3 {
			if got := clean(name); got != "" {
				if got = unique(got, taken); len(validation.IsDNS1123Label(got)) > 0 {
					t.Errorf("%q became %q, which is no name", name, got)
				}
			}
		}
	})
}
