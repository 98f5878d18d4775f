package istio

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSyncz(t *testing.T) {
	got, err := parseSyncz([]byte(recorded(t, "syncz.json")))
	if err != nil {
		t.Fatal(err)
	}
	const reason = "Didn't find a registered implementation for 'istio.stats' with type URL: 'stats.PluginConfig'"
	want := []Rejection{
		{Proxy: "istio-system/istio-eastwestgateway-7f47d5c8fc-xlf9d", Kind: "listeners", Resources: []string{"0.0.0.0_15443"}, Reason: reason, Agent: "1.31.0-eastwest"},
		{Proxy: "sample/helloworld-v1-7d597cfd6b-5s58l", Kind: "listeners", Resources: []string{"10.151.0.10_53", "0.0.0.0_5000", "virtualOutbound", "virtualInbound"}, Reason: reason, Agent: "1.31.0-eastwest"},
	}
	slices.SortFunc(got.rejections, func(a, b Rejection) int { return strings.Compare(a.Proxy, b.Proxy) })
	if diff := cmp.Diff(want, got.rejections); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(got.asked) != 3 || !slices.Contains(got.asked, "sample/sleep-5c5b89d966-z4m47") {
		t.Errorf("want it to tell of three proxies, got %v", got.asked)
	}
	for name, document := range map[string]string{
		"an istiod before 1.28": `[{"proxy":"a.b","listener_sent":"1","listener_acked":"1"}]`,
		"nobody":                `[]`,
		"an odd ID":             `[{"proxy":"a","resources":{"x.Listener":{"lastError":"no"}}}]`,
	} {
		if got, err := parseSyncz([]byte(document)); err != nil || len(got.rejections) > 0 || len(got.asked) > 0 {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	if _, err := parseSyncz([]byte("404 page not found")); err == nil {
		t.Error("want an error for what is no list")
	}
}

func TestParseRejected(t *testing.T) {
	tests := map[string]struct {
		message string
		want    []Rejection
	}{
		"none": {"\n", nil},
		"clusters, two reasons": {
			"Error adding/updating cluster(s) a: no such filter, b: bad: regex, c: no such filter",
			[]Rejection{{Resources: []string{"a", "c"}, Reason: "no such filter"}, {Resources: []string{"b"}, Reason: "bad: regex"}},
		},
		"cut off by Envoy": {
			"Error adding/updating cluster(s) a|1: no such filter, b|2: no such...(truncated)",
			[]Rejection{{Resources: []string{"a|1", "b|2"}, Reason: "no such filter"}},
		},
		"cut off in its first": {
			"Error adding/updating listener(s) a: no such...(truncated)",
			[]Rejection{{Resources: []string{"a"}, Reason: "no such...(truncated)"}},
		},
		"another form": {
			"Proto constraint validation failed\n(RouteConfigurationValidationError.Name)",
			[]Rejection{{Reason: "Proto constraint validation failed (RouteConfigurationValidationError.Name)"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parseRejected(test.message)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRejectionsInLog(t *testing.T) {
	got := rejectionsInLog(recorded(t, "rejecting-proxy.log"))
	const tcp = "Didn't find a registered implementation for 'istio.metadata_exchange' with type URL: 'envoy.tcp.metadataexchange.config.MetadataExchange'"
	want := []Rejection{
		{Kind: "clusters", Resources: []string{"outbound|5000||helloworld.sample.svc.cluster.local", "PassthroughCluster"}, Reason: tcp},
		{Kind: "listeners", Resources: []string{"0.0.0.0_15010", "0.0.0.0_5000"}, Reason: strings.Replace(tcp, "envoy.tcp.metadataexchange.config.MetadataExchange", "io.istio.http.peer_metadata.Config", 1)},
		{Kind: "listeners", Resources: []string{"virtualInbound"}, Reason: tcp},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := rejectionsInLog("2026-11-28T20:22:28.000000Z\tinfo\tall is well\n"); len(got) > 0 {
		t.Errorf("got %v of a sound log", got)
	}
}
