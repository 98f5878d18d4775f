package twoclusters

import (
	"context"
	"fmt"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient"
	"sigs.k8s.io/e2e-framework/klient/conf"
	"sigs.k8s.io/e2e-framework/pkg/env"
	"sigs.k8s.io/e2e-framework/pkg/envconf"
	"sigs.k8s.io/e2e-framework/pkg/envfuncs"
	"sigs.k8s.io/e2e-framework/pkg/features"

	"github.com/eastwest-mesh/eastwest/lab"
)

// TestMain makes the clusters before the tests and removes them afterwards.
// Run it as root:
//
//	go test -v ./examples/twoclusters
func TestMain(m *testing.M) {
	name := fmt.Sprintf("example-%d", os.Getpid())
	testenv := env.New()
	testenv.Setup(envfuncs.CreateClusterWithOpts(lab.NewProvider(lab.Options{Progress: os.Stderr}), name, lab.WithClusters(2)))
	testenv.Finish(envfuncs.DestroyCluster(name))
	environment = testenv
	os.Exit(testenv.Run(m))
}

// environment is set once, before any test runs: e2e-framework's way.
var environment env.Environment

func TestNodesOfBothClusters(t *testing.T) {
	addresses := map[string]string{}
	look := func(cluster string) features.Func {
		return func(ctx context.Context, t *testing.T, cfg *envconf.Config) context.Context {
			t.Helper()
			rest, err := conf.NewWithContextName(cfg.KubeconfigFile(), cluster)
			if err != nil {
				t.Fatal(err)
			}
			client, err := klient.New(rest)
			if err != nil {
				t.Fatal(err)
			}
			var nodes corev1.NodeList
			if err := client.Resources().List(ctx, &nodes); err != nil {
				t.Fatal(err)
			}
			if len(nodes.Items) != 1 {
				t.Fatalf("%s: got %d nodes, want 1", cluster, len(nodes.Items))
			}
			addresses[cluster] = nodes.Items[0].Status.Addresses[0].Address
			return ctx
		}
	}
	f := features.New("two clusters on separate networks").
		Assess("the first has a node", look("cluster1")).
		Assess("the second has a node of its own", look("cluster2")).
		Feature()
	environment.Test(t, f)
	if addresses["cluster1"] == addresses["cluster2"] {
		t.Errorf("both contexts lead to the node %s", addresses["cluster1"])
	}
}
