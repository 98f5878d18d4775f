package upgrade

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// large is a fleet of 20 clusters, each with 100 workloads that have proxies of their own.
func large(tb testing.TB) *istio.Snapshot {
	tb.Helper()
	const clusters, workloads = 20, 100
	s := fleet(clusters, clusters)
	for i := range s.Clusters {
		var proxies []istio.ProxySet
		var namespaces []istio.MeshNamespace
		for k := range workloads {
			namespace := fmt.Sprintf("team-%d", k)
			proxies = append(proxies, istio.ProxySet{Namespace: namespace, Name: fmt.Sprintf("app-%d", k), InjectedBy: "old", Version: "1.31.0", Pods: 1})
			namespaces = append(namespaces, istio.MeshNamespace{Name: namespace, Labels: map[string]string{"istio.io/rev": "old"}, Roots: []string{"aa"}})
		}
		s.Clusters[i].Proxies, s.Clusters[i].Namespaces = istio.Read(proxies), istio.Read(namespaces)
	}
	return s
}

// BenchmarkTwentyClusters loads a recorded fleet of 20 clusters with 2,000 proxies and judges it.
func BenchmarkTwentyClusters(b *testing.B) {
	var recorded bytes.Buffer
	if err := large(b).Save(&recorded); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(recorded.Len())/1e6, "MB-file")
	b.ReportAllocs()
	for b.Loop() {
		s, err := istio.Load(bytes.NewReader(recorded.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
		if err := Settle(s); err != nil {
			b.Fatal(err)
		}
		if v := Judge(s, nil); v.Of(Install).Outcome != Go {
			b.Fatal(v.Text())
		}
	}
}
