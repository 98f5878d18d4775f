package checks

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// fifty is a sound mesh of fifty clusters whose Istio resources are as many as two hundred
// services in each may have.
func fifty(tb testing.TB) []byte {
	tb.Helper()
	s := healthy(50)
	for i := range s.Clusters {
		var rules []istio.DestinationRule
		var policies []istio.AuthorizationPolicy
		for range 200 {
			rules = append(rules, istio.DestinationRule{Meta: istio.Meta{Namespace: "team", Name: "rule"}})
			policies = append(policies, istio.AuthorizationPolicy{Meta: istio.Meta{Namespace: "team", Name: "policy"}})
			rules[len(rules)-1].Spec.Host = "other.team.svc.cluster.local"
		}
		s.Clusters[i].DestinationRules, s.Clusters[i].AuthorizationPolicies = istio.Read(rules), istio.Read(policies)
	}
	document, err := json.Marshal(s)
	if err != nil {
		tb.Fatal(err)
	}
	return document
}

// A snapshot of fifty clusters is read and judged as "diagnose --snapshot" does.
func BenchmarkFiftyClusters(b *testing.B) {
	document := fifty(b)
	b.ReportMetric(float64(len(document))/1e6, "MB-file")
	b.ReportAllocs()
	for b.Loop() {
		s, err := istio.Load(bytes.NewReader(document))
		if err != nil {
			b.Fatal(err)
		}
		Run(s, All())
	}
}

func TestFiftyClustersAreSound(t *testing.T) {
	s, err := istio.Load(bytes.NewReader(fifty(t)))
	if err != nil {
		t.Fatal(err)
	}
	silent(t, "", s, false)
}

// FuzzChecks: whatever a file says that can be read at all, the checks answer.
func FuzzChecks(f *testing.F) {
	for _, clusters := range []int{2, 3} {
		document, err := json.Marshal(healthy(clusters))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	recorded, err := filepath.Glob("testdata/*/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range recorded {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(_ *testing.T, content []byte) {
		s, err := istio.Load(bytes.NewReader(content))
		if err == nil {
			Run(s, All())
		}
	})
}
