package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
)

// What stands behind the gateways of another network counts together.
func TestGroups(t *testing.T) {
	cluster := func(version, network string) *fleet.Cluster {
		return &fleet.Cluster{ClusterSpec: fleet.ClusterSpec{Name: "cluster-" + version, Network: network}, Version: version}
	}
	f := &fleet.Fleet{Clusters: []*fleet.Cluster{cluster("v1", "a"), cluster("v2", "a"), cluster("v3", "b"), cluster("v4", "c"), cluster("v5", "c")}}
	all := []string{"v1", "v2", "v3", "v4", "v5"}
	tests := map[string]struct {
		source   int
		versions []string
		want     [][]string
	}{
		"from a network of two":         {0, all, [][]string{{"v1"}, {"v2"}, {"v3"}, {"v4", "v5"}}},
		"from a network of its own":     {2, all, [][]string{{"v1", "v2"}, {"v3"}, {"v4", "v5"}}},
		"one of the network is stopped": {2, []string{"v2", "v3"}, [][]string{{"v2"}, {"v3"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := groups(f, f.Clusters[test.source], test.versions)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Any version of a group may answer all of the group's calls; nobody else may.
func TestGroupsAreJudgedTogether(t *testing.T) {
	parted := [][]string{{"v1", "v2"}, {"v3"}}
	want := []verdict.Share{{Version: "v1 or v2", Part: 2.0 / 3, Of: []string{"v1", "v2"}}, {Version: "v3", Part: 1.0 / 3}}
	if diff := cmp.Diff(want, sharesOf(parted)); diff != "" {
		t.Error(diff)
	}
	expectation := verdict.Expectation{Shares: sharesOf(parted), Sources: 3, ErrorProbability: 1e-6}
	judge := func(counts map[string]int) verdict.Verdict {
		sent := 0
		for _, n := range counts {
			sent += n
		}
		return verdict.Judge(expectation, verdict.Counts{Sent: sent, Versions: counts, Statuses: map[int]int{200: sent}})
	}
	if got := judge(map[string]int{"v1": 60, "v3": 30}); got.Outcome != verdict.Conformant {
		t.Errorf("got %s: %v", got.Outcome, got.Reasons)
	}
	for name, counts := range map[string]map[string]int{
		"nobody of the group": {"v3": 90}, "somebody unknown": {"v1": 30, "v2": 29, "v3": 30, "v9": 1}, "too many of the group": {"v1": 85, "v3": 5},
	} {
		if got := judge(counts); got.Outcome != verdict.NonConformant {
			t.Errorf("%s: got %s: %v", name, got.Outcome, got.Reasons)
		}
	}
	if diff := cmp.Diff([]string{"v2"}, unseen(verdict.Counts{Versions: map[string]int{"v1": 1, "v3": 1}}, parted)); diff != "" {
		t.Error(diff)
	}
}
