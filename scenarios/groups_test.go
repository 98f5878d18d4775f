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

func TestSharesOfGroups(t *testing.T) {
	parted := [][]string{{"v1", "v2"}, {"v3"}}
	want := []verdict.Share{{Version: "v1 or v2", Part: 2.0 / 3}, {Version: "v3", Part: 1.0 / 3}}
	if diff := cmp.Diff(want, sharesOf(parted)); diff != "" {
		t.Error(diff)
	}
	answers := func() []verdict.Answer {
		return []verdict.Answer{{Status: 200, Version: "v1"}, {Status: 200, Version: "v3"}, {Status: 200, Version: "v9"}, {Status: 503}}
	}
	counts := verdict.Tally(together(answers(), parted))
	if diff := cmp.Diff(map[string]int{"v1 or v2": 1, "v3": 1, "v9": 1}, counts.Versions); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"v2"}, unseen(answers(), parted)); diff != "" {
		t.Error(diff)
	}
}
