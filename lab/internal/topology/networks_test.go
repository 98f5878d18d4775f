package topology

import (
	"strings"
	"testing"
)

func TestJoinPutsClustersOnNetworks(t *testing.T) {
	all, err := Clusters(4)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := Join(all, map[string]string{"cluster2": "network1", "cluster3": "east", "cluster4": "east"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ network, neighbours string }{
		{"network1", "cluster2"}, {"network1", "cluster1"}, {"east", "cluster4"}, {"east", "cluster3"},
	} {
		var neighbours []string
		for _, n := range joined[i].Neighbours(joined) {
			neighbours = append(neighbours, n.Name())
		}
		if joined[i].Network() != want.network || strings.Join(neighbours, " ") != want.neighbours {
			t.Errorf("%s: want %+v, got %s with %v", joined[i].Name(), want, joined[i].Network(), neighbours)
		}
	}
	if all[1].Network() != "network2" || len(all[1].Neighbours(all)) != 0 {
		t.Error("the clusters that were given changed")
	}
}

func TestJoinTellsAllThatIsWrong(t *testing.T) {
	all, err := Clusters(2)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Join(all, map[string]string{"cluster3": "network1", "cluster2": "not/a/label", "cluster1": ""})
	for _, want := range []string{`for "cluster3"`, `network "not/a/label" of cluster2`, `network "" of cluster1`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
