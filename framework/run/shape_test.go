package run

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
)

// remotes is an environment whose second cluster is served by its first.
type remotes struct{ nowhere }

func (*remotes) Create(context.Context, int) ([]fleet.ClusterSpec, error) {
	// Whoever connected to them would fail for another reason.
	return []fleet.ClusterSpec{{Name: "cluster1", Network: "network1"}, {Name: "cluster2", Network: "network2", Primary: "cluster1"}}, nil
}

// Clusters without a control plane of their own are refused before anything is connected to.
func TestServedClustersAreRefused(t *testing.T) {
	r, err := New(Config{Provider: &remotes{}, Clusters: 2, StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := r.Open(t.Context())
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), `"cluster2" has its control plane in "cluster1"`) {
		t.Errorf("want cluster2 refused, got %v", err)
	}
	if r.Fleet() != nil {
		t.Error("want nothing connected")
	}
	if _, err := r.Finish(ctx); err != nil {
		t.Error(err)
	}
}
