package fleet

import (
	"context"
	"errors"
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
		t.Errorf("want both names told, got %v", err)
	}
}

func TestIDDoesNotDependOnOrder(t *testing.T) {
	if a, b := fleetOf("west", "east").ID(), fleetOf("east", "west").ID(); a != b {
		t.Errorf("want one ID, got %s and %s", a, b)
	}
	if a, b := fleetOf("west").ID(), fleetOf("west", "east").ID(); a == b {
		t.Error("want different fleets to have different IDs")
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

func TestChooseRevision(t *testing.T) {
	tests := []struct {
		name      string
		ready     []string
		wanted    string
		want      string
		wantErr   string
		ambiguous bool
	}{
		{name: "the only one", ready: []string{"asm-1"}, want: "asm-1"},
		{name: "the wanted one of two", ready: []string{"asm-1", "asm-2"}, wanted: "asm-2", want: "asm-2"},
		{name: "two", ready: []string{"asm-1", "asm-2"}, wantErr: "asm-1, asm-2", ambiguous: true},
		{name: "the wanted one is not there", ready: []string{"asm-1"}, wanted: "asm-9", wantErr: `want revision "asm-9", found asm-1`, ambiguous: true},
		{name: "none", wantErr: "install the control plane first"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := chooseRevision(test.ready, test.wanted)
			if got != test.want || (err == nil) != (test.wantErr == "") || errors.Is(err, ErrAmbiguousRevision) != test.ambiguous {
				t.Fatalf("want %q, error %q, got %q, %v", test.want, test.wantErr, got, err)
			}
			if err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("want error %q, got %v", test.wantErr, err)
			}
		})
	}
}
