package stats_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/dataplane/stats"
)

func TestRenderings(t *testing.T) {
	var r stats.Registry
	k := func(object, metric string) stats.Key {
		return stats.Key{Scope: "cluster", Object: object, Metric: metric}
	}
	r.Counter(k("b", "upstream_rq_total")).Add(2)
	r.Counter(k(`a"|x`, "upstream_rq_total")).Inc()
	r.Counter(k("b", "upstream_rq_5xx"))
	r.Gauge(stats.Key{Scope: "server", Metric: "state"}).Set(0)
	if r.Counter(k("b", "upstream_rq_total")).Value() != 2 {
		t.Error("the same name is another counter")
	}
	var text strings.Builder
	if err := stats.WriteText(&text, stats.Select(r.Snapshot(), nil, true)); err != nil {
		t.Fatal(err)
	}
	// A gauge at zero is used, a counter at zero is not.
	if diff := cmp.Diff("cluster.a\"|x.upstream_rq_total: 1\ncluster.b.upstream_rq_total: 2\nserver.state: 0\n", text.String()); diff != "" {
		t.Error(diff)
	}
	text.Reset()
	if err := stats.WritePrometheus(&text, r.Snapshot()); err != nil {
		t.Fatal(err)
	}
	want := `# TYPE envoy_cluster_upstream_rq_5xx counter
envoy_cluster_upstream_rq_5xx{envoy_cluster_name="b"} 0
# TYPE envoy_cluster_upstream_rq_total counter
envoy_cluster_upstream_rq_total{envoy_cluster_name="a\"|x"} 1
envoy_cluster_upstream_rq_total{envoy_cluster_name="b"} 2
# TYPE envoy_server_state gauge
envoy_server_state{} 0
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Error(diff)
	}
	if got := stats.Select(r.Snapshot(), regexp.MustCompile(`^server`), false); len(got) != 1 {
		t.Errorf("filter kept %v", got)
	}
	r.Forget("cluster", "b")
	if got := r.Snapshot(); len(got) != 2 {
		t.Errorf("after forgetting: %v", got)
	}
}
