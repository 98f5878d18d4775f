package fleet

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func fleetOf(names ...string) *Fleet {
	f := &Fleet{}
	for i, name := range names {
		f.Clusters = append(f.Clusters, &Cluster{ClusterSpec: ClusterSpec{Name: name}, Version: Version(i), UID: types.UID("uid-of-" + name)})
	}
	return f
}

func TestForEachIsParallelAndOrdersErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := fleetOf("west", "north", "east")
		start := time.Now()
		err := f.ForEach(t.Context(), func(_ context.Context, c *Cluster) error {
			<-time.After(time.Second)
			if c.Name == "north" {
				return nil
			}
			return fmt.Errorf("%s is down", c.Name)
		})
		if took := time.Since(start); took != time.Second {
			t.Errorf("three clusters of one second each: want one second, took %s", took)
		}
		if err == nil || err.Error() != "east is down\nwest is down" {
			t.Errorf("want the errors by name, got %v", err)
		}
	})
}

func TestRefuseDuplicates(t *testing.T) {
	f := fleetOf("west", "east", "alias")
	if err := f.refuseDuplicates(); err != nil {
		t.Errorf("three clusters: %v", err)
	}
	f.Clusters[2].UID = f.Clusters[0].UID
	err := f.refuseDuplicates()
	if err == nil || !strings.Contains(err.Error(), `clusters "west" and "alias" are the same cluster`) {
		t.Errorf("want both names reported, got %v", err)
	}
}

func TestOthers(t *testing.T) {
	f := fleetOf("west", "north", "east")
	others := f.Others(f.Cluster("north"))
	if len(others) != 2 || others[0].Name != "west" || others[1].Name != "east" || len(f.Clusters) != 3 {
		t.Errorf("want west and east, got %v", others)
	}
	if f.Cluster("south") != nil {
		t.Error("want no cluster of an unknown name")
	}
}
