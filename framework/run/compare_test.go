package run

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/revisions"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

func cluster(name string, ready ...string) *istio.Cluster {
	var istiods []istio.Istiod
	for _, revision := range ready {
		istiods = append(istiods, istio.Istiod{Pod: istio.Pod{Ready: true}, Revision: revision})
	}
	return &istio.Cluster{Name: name, Istiods: istio.Read(istiods), Webhooks: istio.Read([]istio.Webhook{{Name: "tag", Tag: "prod", Revision: "default"}})}
}

func TestMembers(t *testing.T) {
	both, one := cluster("a", "default", "canary"), cluster("b", "default")
	tests := []struct {
		name     string
		clusters []*istio.Cluster
		pair     revisions.Pair
		want     []revisions.Member
		errors   []string
	}{
		{"new in both", []*istio.Cluster{both, cluster("b", "canary", "default")}, revisions.Pair{Old: "default", New: "canary"}, []revisions.Member{{Cluster: "a", New: true}, {Cluster: "b", New: true}}, nil},
		{"new in one", []*istio.Cluster{both, one}, revisions.Pair{Old: "default", New: "canary"}, []revisions.Member{{Cluster: "a", New: true}, {Cluster: "b"}}, nil},
		{"a revision with itself", []*istio.Cluster{both, one}, revisions.Pair{Old: "default", New: "default"}, []revisions.Member{{Cluster: "a", New: true}, {Cluster: "b", New: true}}, nil},
		{"old not everywhere", []*istio.Cluster{both, one}, revisions.Pair{Old: "canary", New: "default"}, nil, []string{`cluster "b" has no Ready control plane of the old revision "canary", but default`}},
		{"new nowhere", []*istio.Cluster{both, one}, revisions.Pair{Old: "default", New: "x"}, nil, []string{`no cluster has a Ready control plane of the new revision "x": a has canary and default, b has default`}},
		{"a tag, and nothing there", []*istio.Cluster{both, cluster("b")}, revisions.Pair{Old: "prod", New: "canary"}, nil, []string{`cluster "a": "prod" is a tag, which leads to revision "default": name the revision`, `cluster "b" has no Ready control plane of the old revision "prod", but none`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := membersOf(tt.clusters, tt.pair)
			if len(tt.errors) == 0 {
				if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
					t.Errorf("%v, -want +got:\n%s", err, diff)
				}
				return
			}
			for _, want := range tt.errors {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
}

func TestCompareWantsAMeshThatIsThere(t *testing.T) {
	config := Config{Provider: &nowhere{}, Clusters: 2, Existing: true, Compare: &Compare{Pair: revisions.Pair{Old: "a", New: "b"}, Extent: verdict.Small}}
	_, err := New(config)
	for _, want := range []string{"want it reused", "two namespaces of the run's own", "images.echo"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestSpecsOfTheRevision(t *testing.T) {
	specs := []fleet.ClusterSpec{{Name: "a", Revision: "x"}, {Name: "b"}}
	for _, tt := range []struct {
		config Config
		want   []string
	}{
		{Config{}, []string{"x", ""}},
		{Config{Revision: "y"}, []string{"y", "y"}},
		{Config{Compare: &Compare{Pair: revisions.Pair{Old: "old", New: "new"}}}, []string{"old", "old"}},
	} {
		var got []string
		for _, spec := range tt.config.ofRevision(specs) {
			got = append(got, spec.Revision)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	if specs[1].Revision != "" {
		t.Error("the description itself was changed")
	}
}
