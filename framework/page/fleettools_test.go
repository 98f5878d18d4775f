//go:build apiserver

package page

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/kube/kubetest"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// TestAPIServerFleetTools carries out the page with the user's own script,
// istioctl and asmcli (doubles that check their arguments), on clusters whose
// control plane is somebody else's, and takes it back.
func TestAPIServerFleetTools(t *testing.T) {
	ctx := t.Context()
	log := filepath.Join(t.TempDir(), "log")
	t.Setenv("TOOLS_LOG", log)
	f, traits := connect(t, kubetest.Start(t), kubetest.Start(t))
	traits.InstallsMesh = false
	traits.Tools = fleet.Tools{Istioctl: tool(t, "istioctl"), GenGateway: tool(t, "gen-eastwest-gateway.sh"), Asmcli: tool(t, "asmcli")}
	if err := f.ForEach(ctx, installedControlPlane); err != nil {
		t.Fatal(err)
	}
	clients, look := Clients(f), ledger.InventoryOptions{Namespaces: Namespaces(Options{})}
	before, err := ledger.TakeInventory(ctx, clients, look)
	if err != nil {
		t.Fatal(err)
	}
	journal, err := ledger.Create(t.TempDir(), ledger.Header{Run: "run-tools", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = journal.Close() }()
	runner := plan.Runner{Env: Env(f, traits, "run-tools", journal)}
	if _, err := runner.Run(ctx, toolSteps(t, f, traits)); err != nil {
		t.Fatal(err)
	}
	wantTools(t, log)
	for _, cluster := range f.Clusters {
		if _, err := mesh.GatewayAddresses(ctx, cluster.Client); err != nil {
			t.Errorf("the gateway is not there: %v", err)
		}
	}
	if _, err := runner.Run(ctx, toolSteps(t, f, traits)); err == nil || !strings.Contains(err.Error(), "was not made by eastwest") {
		t.Errorf("a gateway that is there already: want it refused, got %v", err)
	}
	if err := journal.Undo(ctx, ledger.UndoOptions{Clients: clients, Bounds: f.Bounds}); err != nil {
		t.Fatal(err)
	}
	after, err := ledger.TakeInventory(ctx, clients, look)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range ledger.Diff(before, after) {
		t.Errorf("after undo: %s", change)
	}
}

// toolSteps are the steps that the tools carry out.
func toolSteps(t *testing.T, f *fleet.Fleet, traits fleet.Traits) plan.Plan {
	t.Helper()
	opts := Options{Traits: traits, FleetID: "fleet-1"}
	for _, cluster := range f.Clusters {
		opts.Clusters = append(opts.Clusters, cluster.ClusterSpec)
	}
	all, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	var p plan.Plan
	for _, id := range []string{mesh.StepGateway, mesh.StepReader, mesh.StepCreateMesh} {
		step, ok := all.Step(id)
		if !ok {
			t.Fatalf("no step %q", id)
		}
		p.Steps = append(p.Steps, step)
	}
	return p
}

func wantTools(t *testing.T, log string) {
	t.Helper()
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int)
	for line := range strings.Lines(string(content)) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "--kubeconfig=")
		counts[strings.TrimSpace(line)]++
	}
	want := map[string]int{
		"gen-eastwest-gateway.sh --network network1 --revision asm-1":                  1,
		"gen-eastwest-gateway.sh --network network2 --revision asm-1":                  1,
		"istioctl manifest generate --set values.global.pilotCertProvider=istiod -f -": 2,
		"istioctl": 2, // --kubeconfig=... install
		"asmcli create-mesh fleet-1 cluster1.yaml cluster2.yaml": 1,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("what the tools were asked for (-want +got):\n%s", diff)
	}
}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "tools", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// installedControlPlane makes what the steps look for of a control plane: its
// namespace, the reader's account and a Ready pod of one revision.
func installedControlPlane(ctx context.Context, cluster *fleet.Cluster) error {
	core := cluster.Client.Kubernetes.CoreV1()
	_, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fleet.SystemNamespace}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	for _, account := range []string{mesh.ReaderAccount, "default"} {
		_, err = core.ServiceAccounts(fleet.SystemNamespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	pod, err := core.Pods(fleet.SystemNamespace).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "istiod", Labels: map[string]string{"app": "istiod", fleet.RevisionLabel: "asm-1"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "discovery", Image: "pilot"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	_, err = core.Pods(fleet.SystemNamespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}
