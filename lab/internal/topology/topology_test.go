package topology

import (
	"net/netip"
	"testing"
)

func TestNoTwoRangesOverlap(t *testing.T) {
	all, err := Clusters(MaxClusters)
	if err != nil {
		t.Fatal(err)
	}
	var ranges []netip.Prefix
	nodes := map[netip.Addr]bool{Router(): true}
	for _, c := range all {
		ranges = append(ranges, c.Pods(), c.Services(), c.LoadBalancers(), c.FarLoadBalancers())
		if nodes[c.Node()] {
			t.Errorf("node address %s is given twice", c.Node())
		}
		nodes[c.Node()] = true
	}
	for i, a := range ranges {
		for _, b := range ranges[i+1:] {
			if a.Overlaps(b) {
				t.Errorf("%s overlaps %s", a, b)
			}
		}
		for n := range nodes {
			if a.Contains(n) {
				t.Errorf("%s contains the node or router address %s", a, n)
			}
		}
	}
	for _, c := range all {
		if !Internet().Contains(c.Node()) || !Internet().Overlaps(c.LoadBalancers()) {
			t.Errorf("%s: node and load balancers must be on %s", c.Name(), Internet())
		}
		if Internet().Overlaps(c.FarLoadBalancers()) {
			t.Errorf("%s: nodes would look for %s on their own link", c.Name(), c.FarLoadBalancers())
		}
	}
}

func TestClustersRefusesWhatThePlanCannotHold(t *testing.T) {
	for _, n := range []int{-1, 0, MaxClusters + 1} {
		if _, err := Clusters(n); err == nil {
			t.Errorf("%d clusters: want an error", n)
		}
	}
}
