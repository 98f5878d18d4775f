package istio

import (
	"strings"
	"testing"
)

// mostRequests is how often one API server may be asked for a snapshot of two clusters, and
// for each cluster more: the token of its remote secret is tried.
const mostRequests = 40

// What real clusters answered is read whole, with few requests to each of them.
func TestTakeRecorded(t *testing.T) {
	if *record != "" {
		writeRecorded(t, strings.Split(*record, ","))
	}
	for name, all := range map[string][]*answers{"the lab": recordedAnswers(t), "six clusters": many(t, 6, 20)} {
		r := replay(t, all)
		s := r.take(t.Context())
		r.whole(t, s)
		for i := range s.Clusters {
			if got := s.Clusters[i].Traffic; got.Requests > mostRequests+int64(len(all))-2 {
				t.Errorf("%s: %s was asked %d times", name, s.Clusters[i].Name, got.Requests)
			}
		}
	}
}

// A second snapshot of the same clusters does not ask again who they are, nor what they serve.
func TestTakeAgain(t *testing.T) {
	r := replay(t, recordedAnswers(t))
	first := r.take(t.Context()).Clusters[0].Traffic.Requests
	if second := r.take(t.Context()).Clusters[0].Traffic.Requests - first; second >= first {
		t.Errorf("first %d requests, then %d", first, second)
	}
}

// BenchmarkTakeLab reads the two clusters of a lab. B/op has what the servers of the test need.
func BenchmarkTakeLab(b *testing.B) { benchmarkTake(b, recordedAnswers(b)) }

// BenchmarkTakeFifty reads 50 clusters with 200 Services each.
func BenchmarkTakeFifty(b *testing.B) { benchmarkTake(b, many(b, 50, 200)) }

func benchmarkTake(b *testing.B, all []*answers) {
	b.Helper()
	r := replay(b, all)
	r.whole(b, r.take(b.Context())) // connections are made, and who answers is known
	before := r.clusters[0].Client.Traffic().Requests
	b.ReportAllocs()
	for b.Loop() {
		r.take(b.Context())
	}
	b.ReportMetric(float64(r.clusters[0].Client.Traffic().Requests-before)/float64(b.N), "requests/cluster")
}
