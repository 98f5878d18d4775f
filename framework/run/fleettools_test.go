//go:build apiserver

package run

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube/kubetest"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
	"github.com/eastwest-mesh/eastwest/framework/mesh"
	"github.com/eastwest-mesh/eastwest/framework/mesh/tooltest"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/workload"
)

func TestMain(m *testing.M) { os.Exit(tooltest.Main(m)) }

// servers is the form of the clusters' addresses in remote secrets, as connect
// gives them; they are not reached from here.
const servers = "https://%s.example.org:6443"

// TestAPIServerFleetTools carries out the guide with the user's own script,
// istioctl and asmcli (doubles that check their arguments), on clusters whose
// control plane is somebody else's, and takes it back.
func TestAPIServerFleetTools(t *testing.T) {
	for _, name := range []string{"PLATFORM", "CA", "REVISION"} {
		t.Setenv(name, "of-eastwest") // as make exports them; the tools have their own idea of each
	}
	f, traits := connect(t, kubetest.Start(t), kubetest.Start(t))
	if err := f.ForEach(t.Context(), installedControlPlane); err != nil {
		t.Fatal(err)
	}
	t.Run("well", func(t *testing.T) { fleetToolsWell(t, f, traits) })
	for _, test := range []struct {
		name, wantErr string
		fault         tooltest.AsmcliFault
	}{
		{"asmcli ends well and did nothing", "has no remote secret that leads to cluster", tooltest.AsmcliSilent},
		{"asmcli mixes up the clusters", `its token is not accepted by https://cluster2.example.org:6443, to which it leads`, tooltest.AsmcliTwisted},
		{"asmcli fails", "Failed to run command", tooltest.AsmcliFails},
		{"asmcli hangs", "context deadline exceeded", tooltest.AsmcliHangs},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := startToolRun(t, f, traits, tooltest.Behaviour{Server: servers, Asmcli: test.fault})
			if test.fault == tooltest.AsmcliHangs {
				run.runner.Env.Bounds.Tool = 5 * time.Second
			}
			results, err := run.runner.Run(t.Context(), run.steps(t, mesh.StepReader, mesh.StepCreateMesh, mesh.StepDiscovery))
			if err == nil || !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("want error %q, got %v", test.wantErr, err)
			}
			said := fmt.Sprint(err) + strings.Join(stepNotes(results), "\n")
			if strings.Contains(said, tooltest.LeakedToken) {
				t.Errorf("the token of asmcli's words is reported: %s", said)
			}
			run.undo(t)
		})
	}
	t.Run("without rights", func(t *testing.T) {
		err := f.Cluster("cluster2").Client.Kubernetes.RbacV1().ClusterRoles().Delete(t.Context(), names.ReaderAccount, metav1.DeleteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		run := startToolRun(t, f, traits, tooltest.Behaviour{Server: servers})
		_, err = run.runner.Run(t.Context(), run.steps(t, mesh.StepReader, mesh.StepCreateMesh, mesh.StepDiscovery))
		if want := "its token may not list services, pods, nodes, namespaces, endpointslices"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want error %q, got %v", want, err)
		}
		run.undo(t)
	})
}

func fleetToolsWell(t *testing.T, f *fleet.Fleet, traits fleet.Traits) {
	look := ledger.InventoryOptions{Namespaces: Namespaces(workload.DefaultNamespace)}
	before, err := ledger.TakeInventory(t.Context(), f.Clients(), look)
	if err != nil {
		t.Fatal(err)
	}
	run := startToolRun(t, f, traits, tooltest.Behaviour{Server: servers})
	all := run.steps(t, mesh.StepGateway, mesh.StepReader, mesh.StepCreateMesh, mesh.StepDiscovery)
	results, err := run.runner.Run(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	run.wantCalls(t, f)
	notes := strings.Join(stepNotes(results), "\n")
	for _, want := range []string{
		"asmcli: exit status 0 after ", "Installing remote secret cluster1 on",
		"its server https://cluster2.example.org:6443 is for the other clusters; its token was tried at",
		`calls its cluster "cluster1", whose own istiod calls it "cn-fleet-1-global-cluster1"`,
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("want %q in the notes, got:\n%s", want, notes)
		}
	}
	for _, cluster := range f.Clusters {
		if _, err := cluster.Client.Kubernetes.CoreV1().Services(names.System).Get(t.Context(), names.Gateway, metav1.GetOptions{}); err != nil {
			t.Errorf("the gateway is not there: %v", err)
		}
	}
	run.wantReuse(t, all)
	run.undo(t)
	after, err := ledger.TakeInventory(t.Context(), f.Clients(), look)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range ledger.Diff(before, after) {
		t.Errorf("after undo: %s", change)
	}
}

// toolRun is a run of some steps with doubles of the tools.
type toolRun struct {
	fleet   *fleet.Fleet
	tools   tooltest.Tools
	traits  fleet.Traits
	journal *ledger.Journal
	runner  plan.Runner
}

func startToolRun(t *testing.T, f *fleet.Fleet, traits fleet.Traits, behaviour tooltest.Behaviour) *toolRun {
	t.Helper()
	run := &toolRun{fleet: f, tools: tooltest.Install(t, behaviour), traits: traits}
	run.traits.InstallsMesh, run.traits.Tools = false, run.tools.Tools
	journal, err := ledger.Create(t.TempDir(), ledger.Header{Run: "run-tools", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	run.journal = journal
	run.runner = plan.Runner{Env: PlanEnv(f, run.traits, "run-tools", journal)}
	return run
}

// wantReuse runs the steps where all that they make is there and right: nothing
// that overwrites is called, and the notes say what was reused.
func (r *toolRun) wantReuse(t *testing.T, all plan.Plan) {
	t.Helper()
	before := len(r.tools.Calls(t))
	results, err := r.runner.Run(t.Context(), all)
	if err != nil {
		t.Fatalf("a mesh that is there already: want it reused, got %v", err)
	}
	notes := strings.Join(stepNotes(results), "\n")
	for _, want := range []string{"istio-eastwestgateway exists and is right: reused", "2 of 2 remote secrets exist and lead to the fleet's clusters: reused"} {
		if !strings.Contains(notes, want) {
			t.Errorf("want %q in the notes, got:\n%s", want, notes)
		}
	}
	for _, one := range r.tools.Calls(t)[before:] {
		if one.Tool == tooltest.Asmcli || slices.Contains(one.Args, "install") {
			t.Errorf("%s was called with %v: it overwrites what is there", one.Tool, one.Args)
		}
	}
}

func (r *toolRun) undo(t *testing.T) {
	t.Helper()
	stays, err := r.journal.Undo(t.Context(), ledger.UndoOptions{Clients: r.fleet.Clients(), Bounds: r.fleet.Bounds})
	if err != nil || len(stays) > 0 {
		t.Fatal(err, stays)
	}
	if err := r.journal.Close(); err != nil {
		t.Fatal(err)
	}
}

// steps are those that the tools carry out, and of the discovery what needs no
// istiod.
func (r *toolRun) steps(t *testing.T, ids ...string) plan.Plan {
	t.Helper()
	opts := PlanOptions{Traits: r.traits, FleetID: "fleet-1"}
	for _, cluster := range r.fleet.Clusters {
		opts.Clusters = append(opts.Clusters, cluster.ClusterSpec)
	}
	all, err := NewPlan(opts)
	if err != nil {
		t.Fatal(err)
	}
	var p plan.Plan
	for _, id := range ids {
		step, ok := all.Step(id)
		if !ok {
			t.Fatalf("no step %q", id)
		}
		if id == mesh.StepDiscovery {
			for i := range step.Work {
				step.Work[i].Actions = step.Work[i].Actions[:1]
			}
		}
		p.Steps = append(p.Steps, step)
	}
	return p
}

func stepNotes(results []plan.Result) []string {
	var notes []string
	for _, result := range results {
		for _, cluster := range result.Clusters {
			for _, action := range cluster.Actions {
				notes = append(notes, action.Notes...)
			}
		}
	}
	return notes
}

// wantCalls compares how the tools were called with the guide's commands.
func (r *toolRun) wantCalls(t *testing.T, f *fleet.Fleet) {
	t.Helper()
	first, second := f.Clusters[0].Minimal, f.Clusters[1].Minimal
	flags := []string{"--set", "values.global.pilotCertProvider=istiod"}
	install := slices.Concat([]string{"install", "-y"}, flags, []string{"--set", "values.global.operatorManageWebhooks=true", "-f", "-"})
	want := map[string]int{
		call(tooltest.GenGateway, "--network", "network1", "--revision", "asm-1"):                               1,
		call(tooltest.GenGateway, "--network", "network2", "--revision", "asm-1"):                               1,
		call(tooltest.Istioctl, slices.Concat([]string{"manifest", "generate"}, flags, []string{"-f", "-"})...): 2,
		call(tooltest.Istioctl, append([]string{"--kubeconfig=" + first}, install...)...):                       1,
		call(tooltest.Istioctl, append([]string{"--kubeconfig=" + second}, install...)...):                      1,
		call(tooltest.Asmcli, "create-mesh", "fleet-1", "-D", r.traits.Tools.OutputDir, first, second):          1,
	}
	got := make(map[string]int)
	for _, one := range r.tools.Calls(t) {
		got[call(one.Tool, one.Args...)]++
		if len(one.Inherited) > 0 {
			t.Errorf("%s was given eastwest's own variables %v", one.Tool, one.Inherited)
		}
		if one.Tool != tooltest.Asmcli {
			continue
		}
		wantConfigs := []tooltest.Kubeconfig{{Contexts: []string{"cluster1"}, Current: "cluster1", Mode: 0o600}, {Contexts: []string{"cluster2"}, Current: "cluster2", Mode: 0o600}}
		if diff := cmp.Diff(wantConfigs, one.Kubeconfigs); diff != "" {
			t.Errorf("the kubeconfigs that asmcli got (-want +got):\n%s", diff)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the tools were asked for (-want +got):\n%s", diff)
	}
}

func call(tool string, args ...string) string { return tool + " " + strings.Join(args, " ") }

// installedControlPlane makes what the steps look for of a control plane: its
// namespace, the reader's account and rights, and a Ready pod of one revision.
func installedControlPlane(ctx context.Context, cluster *fleet.Cluster) error {
	core := cluster.Client.Kubernetes.CoreV1()
	_, err := core.Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: names.System}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	for _, account := range []string{names.ReaderAccount, "default"} {
		_, err = core.ServiceAccounts(names.System).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	if err := grantReader(ctx, cluster); err != nil {
		return err
	}
	pod, err := core.Pods(names.System).Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "istiod", Labels: map[string]string{"app": "istiod", names.Revision: "asm-1"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "discovery", Image: "pilot:1.28.2-asm.4", Env: []corev1.EnvVar{{Name: "CLUSTER_ID", Value: "cn-fleet-1-global-" + cluster.Name}},
		}}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	_, err = core.Pods(names.System).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

// grantReader gives the reader's account the rights that Istio's chart does.
func grantReader(ctx context.Context, cluster *fleet.Cluster) error {
	rbac := cluster.Client.Kubernetes.RbacV1()
	_, err := rbac.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: names.ReaderAccount},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"services", "pods", "nodes", "namespaces"}, Verbs: []string{"get", "list", "watch"}},
			{APIGroups: []string{"discovery.k8s.io"}, Resources: []string{"endpointslices"}, Verbs: []string{"get", "list", "watch"}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	_, err = rbac.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: names.ReaderAccount},
		RoleRef:    rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: names.ReaderAccount},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: names.System, Name: names.ReaderAccount}},
	}, metav1.CreateOptions{})
	return err
}
