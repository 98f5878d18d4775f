//go:build apiserver

package preflight_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/eastwest-mesh/eastwest/framework/cell"
	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube/kubetest"
	"github.com/eastwest-mesh/eastwest/framework/preflight"
)

// runner is a user without any right of its own.
const runner = "runner"

// asRunner writes a kubeconfig that impersonates the runner.
func asRunner(t *testing.T, plane *kubetest.ControlPlane) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(plane.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range config.AuthInfos {
		user.Impersonate = runner
	}
	return writeConfig(t, config)
}

func writeConfig(t *testing.T, config *api.Config) string {
	t.Helper()
	path := t.TempDir() + "/kubeconfig"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func clientOf(t *testing.T, config *rest.Config) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// looking is a preflight of clusters that are connected anew each time.
type looking struct {
	preflight.Options
	specs []fleet.ClusterSpec
}

func (l looking) run(t *testing.T) preflight.Result {
	t.Helper()
	clusters, err := fleet.Connect(t.Context(), l.specs, fleet.Options{Tolerate: true, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := clusters.Close(); err != nil {
			t.Error(err)
		}
	}()
	return preflight.Run(t.Context(), clusters.Clusters, l.Options)
}

func find(result preflight.Result, id, cluster string) preflight.Check {
	i := slices.IndexFunc(result.Checks, func(c preflight.Check) bool { return c.ID == id && c.Cluster == cluster })
	if i < 0 {
		return preflight.Check{}
	}
	return result.Checks[i]
}

// A real API server: its authorizer says which rights are missing, the printed
// roles make up for all of them, and nothing was changed by looking.
func TestAPIServerRights(t *testing.T) {
	plane := kubetest.Start(t)
	admin := clientOf(t, plane.Config)
	ctx := t.Context()
	if _, err := admin.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: names.System}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	opts := looking{
		specs:   []fleet.ClusterSpec{{Name: "west", Kubeconfig: plane.Kubeconfig}, {Name: "east", Kubeconfig: asRunner(t, plane)}},
		Options: preflight.Options{CA: cell.Istio, Namespace: "sample", Asmcli: true},
	}
	if check := find(opts.run(t), "rights", "east"); check.Status != preflight.Refused || !strings.Contains(check.Found, "get,list,watch,create namespaces") {
		t.Errorf("a user without any right: want them all reported, got %+v", check)
	}
	allowReading(t, admin)
	if check := settled(t, opts, "EW0101"); check.Status != preflight.OK {
		t.Fatalf("a user who may be identified: %+v", check)
	}
	before := opts.run(t)
	if check := find(before, "rights", "west"); check.Status != preflight.OK {
		t.Errorf("an administrator may do everything, got %+v", check)
	}
	check := find(before, "rights", "east")
	for _, want := range []string{"patch,delete namespaces with the sample's name", "pods/exec in istio-system", "create,update,delete leases.coordination.k8s.io in kube-system", "deployments.apps in the sample's namespace"} {
		if check.Status != preflight.Refused || !strings.Contains(check.Found, want) {
			t.Errorf("want %q missing, got %+v", want, check)
		}
	}
	if check := find(before, "EW0102", "east"); check.Status != preflight.Refused {
		t.Errorf("want it said that both are one cluster, got %+v", check)
	}
	if check := find(before, "EW0201", "west"); check.Status != preflight.Refused {
		t.Errorf("want no control plane reported, got %+v", check)
	}
	bind(t, admin)
	if check := settled(t, opts, "rights"); check.Status != preflight.OK {
		t.Errorf("the printed roles are bound, and still: %+v", check)
	}
}

// settled is the runner's check once it is OK, or as it is after a bound: the
// API server's authorizer watches roles, and answers by those it has seen.
func settled(t *testing.T, opts looking, id string) (check preflight.Check) {
	t.Helper()
	const every, bound = 100 * time.Millisecond, 10 * time.Second
	_ = wait.PollUntilContextTimeout(t.Context(), every, bound, true, func(context.Context) (bool, error) {
		result := opts.run(t)
		// Where nothing is found the check has one row for all clusters.
		if check = find(result, id, "east"); check.ID == "" {
			check = find(result, id, "")
		}
		return check.Status == preflight.OK, nil
	}) // the check tells why
	return check
}

// allowReading lets the runner be identified at all.
func allowReading(t *testing.T, admin kubernetes.Interface) {
	t.Helper()
	role := &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "identify"},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"namespaces"}, Verbs: []string{"get"}},
			{NonResourceURLs: []string{"/version"}, Verbs: []string{"get"}},
			{APIGroups: []string{"authorization.k8s.io"}, Resources: []string{"selfsubjectaccessreviews"}, Verbs: []string{"create"}},
		},
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "identify"}, Subjects: subjects(),
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "identify"},
	}
	if _, err := admin.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func subjects() []rbacv1.Subject {
	return []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: runner}}
}

// bind does what the head of "eastwest roles --for install" says.
func bind(t *testing.T, admin kubernetes.Interface) {
	t.Helper()
	ctx, name := t.Context(), preflight.RoleName(preflight.Install)
	cluster, roles := preflight.Roles(preflight.Use{Purpose: preflight.Install, Namespace: "sample"})
	if _, err := admin.RbacV1().ClusterRoles().Create(ctx, cluster, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	everywhere := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: subjects(),
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
	}
	if _, err := admin.RbacV1().ClusterRoleBindings().Create(ctx, everywhere, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, role := range roles {
		if _, err := admin.RbacV1().Roles(role.Namespace).Create(ctx, role, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: subjects(),
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		}
		if _, err := admin.RbacV1().RoleBindings(role.Namespace).Create(ctx, binding, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}
