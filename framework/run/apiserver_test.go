//go:build apiserver

package run

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/kube/kubetest"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

// TestAPIServerGuide carries out all of the guide that needs no node, with the real
// istioctl, on the API servers of two clusters, and takes it back.
func TestAPIServerGuide(t *testing.T) {
	ctx := t.Context()
	f, traits := connect(t, kubetest.Start(t), kubetest.Start(t))
	namespaces := ledger.InventoryOptions{Namespaces: Namespaces(workload.DefaultNamespace)}
	clients := f.Clients()
	before, err := ledger.TakeInventory(ctx, clients, namespaces)
	if err != nil {
		t.Fatal(err)
	}
	journal, err := ledger.Create(t.TempDir(), ledger.Header{Run: "run-guide", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = journal.Close() }()

	runner := plan.Runner{Env: PlanEnv(f, traits, "run-guide", journal)}
	if _, err := runner.Run(ctx, withoutPods(t, f, traits)); err != nil {
		t.Fatal(err)
	}
	for _, cluster := range f.Clusters {
		other := f.Others(cluster)[0]
		secrets, why := istio.Look(ctx, cluster, istio.PartRemoteSecrets, other).RemoteSecrets.Get()
		if why != nil {
			t.Fatal(why)
		}
		if len(secrets) != 1 || secrets[0].Name != mesh.RemoteSecret(other.Name) || secrets[0].Run != "run-guide" || len(secrets[0].Entries) != 1 {
			t.Fatalf("want %s to have one remote secret of %s, got %+v", cluster.Name, other.Name, secrets)
		}
		entry := secrets[0].Entries[0]
		if uid, why := entry.UID.Get(); why != nil || uid != string(other.UID) || entry.ID != other.Name || entry.Server != other.RemoteServer {
			t.Errorf("want it to lead to %s at %s, got %+v", other.Name, other.RemoteServer, entry)
		}
	}

	stays, err := journal.Undo(ctx, ledger.UndoOptions{Clients: clients, Bounds: f.Bounds})
	if err != nil || len(stays) > 0 {
		t.Fatal(err, stays)
	}
	after, err := ledger.TakeInventory(ctx, clients, namespaces)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range ledger.Diff(before, after) {
		t.Errorf("after undo: %s", change)
	}
}

func connect(t *testing.T, planes ...*kubetest.ControlPlane) (*fleet.Fleet, fleet.Traits) {
	t.Helper()
	names := []string{"cluster1", "cluster2"}
	var specs []fleet.ClusterSpec
	for i, plane := range planes {
		specs = append(specs, fleet.ClusterSpec{
			Name: names[i], Kubeconfig: plane.Kubeconfig, Network: "network" + names[i][len("cluster"):],
			RemoteServer: "https://" + names[i] + ".example.org:6443",
		})
	}
	f, err := fleet.Connect(t.Context(), specs, fleet.Options{Bounds: kube.LocalBounds(), TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, fleet.Traits{
		InstallsMesh: true, Hub: "istio", Tag: "test",
		Tools:  fleet.Tools{Istioctl: filepath.Join(os.Getenv("EASTWEST_PARTS_BIN"), "istioctl")},
		Images: fleet.Images{HelloWorld: "helloworld-{version}:1.0", Sleep: "curl:1"},
	}
}

// withoutPods is the guide without what only a node can fulfil: waits for
// deployments, addresses, webhooks and istiod, and the sample namespace, which
// looks for a Ready istiod.
func withoutPods(t *testing.T, f *fleet.Fleet, traits fleet.Traits) plan.Plan {
	t.Helper()
	var specs []fleet.ClusterSpec
	for _, cluster := range f.Clusters {
		specs = append(specs, cluster.ClusterSpec)
	}
	p, err := NewPlan(PlanOptions{Clusters: specs, Traits: traits})
	if err != nil {
		t.Fatal(err)
	}
	p.Steps = slices.DeleteFunc(p.Steps, func(step plan.Step) bool {
		return slices.IndexFunc(meshSteps(), func(id string) bool { return id == step.ID }) < 0
	})
	for _, step := range p.Steps {
		for i := range step.Work {
			step.Work[i].Actions = slices.DeleteFunc(step.Work[i].Actions, func(action plan.Action) bool {
				_, waits := action.(plan.Await)
				return waits && step.ID != mesh.StepReader
			})
		}
	}
	return p
}

func meshSteps() []string {
	return []string{
		mesh.StepNamespace, mesh.StepCA, mesh.StepIstiod, mesh.StepGateway,
		mesh.StepExpose, mesh.StepReader, mesh.StepCreateMesh,
	}
}
