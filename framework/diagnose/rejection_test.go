package diagnose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func recorded(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

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

// The whole reason must be told, with both versions, and not taken for a certificate.
func TestJudgeNamesARejectedConfiguration(t *testing.T) {
	const istio = "Didn't find a registered implementation for 'istio.stats' with type URL: 'stats.PluginConfig'"
	long := "paths must be normalized: " + strings.Repeat("x", 2000) + " end"
	tests := map[string]struct {
		reason string
		tells  []string
		not    string
	}{
		"a filter of Istio's":   {istio, []string{istio, "not built for Istio: it has no istio.stats"}, ""},
		"by its type alone":     {"Didn't find a registered implementation for 'mx' with type URL: 'type.googleapis.com/io.istio.http.peer_metadata.Config'", []string{"not built for Istio: it has no mx"}, ""},
		"a filter of anybody's": {"Didn't find a registered implementation for 'acme.waf' with type URL: 'acme.WAF'", []string{"acme.waf"}, "not built for Istio"},
		"a long reason":         {long, []string{long}, "not built for Istio"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			facts := healthyFleet()
			facts[0].Istiods[0].Version = "1.31.1"
			for _, proxy := range []string{"sample/sleep", "sample/helloworld"} {
				facts[0].Rejections = append(facts[0].Rejections, Rejection{
					Proxy: proxy, Kind: "listeners", Resources: []string{"a", "b", "c", "d", "e"}, Reason: test.reason, Agent: "1.30.0", Envoy: "1.39.3",
				})
			}
			diagnosis := Judge(facts)
			if len(diagnosis.Causes) != 1 || diagnosis.Causes[0].Rung != "configuration" || diagnosis.Causes[0].Cluster != facts[0].Cluster.Name {
				t.Fatalf("want one cause on the rung configuration, got %+v", diagnosis.Causes)
			}
			found := diagnosis.Causes[0].Found
			for _, want := range append(test.tells, "sample/helloworld, sample/sleep", "listeners a, b, c and 2 more", "istiod 1.31.1", "1.30.0 with Envoy 1.39.3") {
				if !strings.Contains(found, want) {
					t.Errorf("want %q told, got %s", want, found)
				}
			}
			if test.not != "" && strings.Contains(found, test.not) {
				t.Errorf("want %q not told, got %s", test.not, found)
			}
		})
	}
}
