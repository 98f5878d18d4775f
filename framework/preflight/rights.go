package preflight

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
)

// Scope is where a right is needed.
type Scope string

// The scopes. The sample's namespace is made by the run, so that its rights
// can only be granted for all namespaces.
const (
	WholeCluster Scope = "cluster"
	System       Scope = "istio-system"
	Lock         Scope = "lock"
	Sample       Scope = "sample"
)

// Right is something that a run does on a cluster.
type Right struct {
	Scope    Scope
	Group    string
	Resource string // with its subresource, as in roles: "pods/exec"
	Verbs    []string
	Why      string
}

// String is the short form for messages: "list,watch services in istio-system".
func (r Right) String() string {
	resource := r.Resource
	if r.Group != "" && r.Group != "*" {
		resource += "." + r.Group
	}
	text := strings.Join(r.Verbs, ",") + " " + resource
	switch r.Scope {
	case System:
		return text + " in " + fleet.SystemNamespace
	case Lock:
		return text + " in " + ledger.LockNamespace
	case Sample:
		return text + " in the sample's namespace"
	}
	return text
}

// The verbs of what a run makes, waits for and removes again.
func read() []string { return []string{"get", "list", "watch"} }
func own() []string  { return []string{"get", "list", "watch", "create", "patch", "delete"} }

// Use is what decides which rights a run needs.
type Use struct {
	// Reuse is for a run that makes no mesh.
	Reuse bool
	// Asmcli is for a fleet whose remote secrets asmcli makes.
	Asmcli bool
}

// everything needs all rights of the table.
func everything() Use { return Use{Asmcli: true} }

// Rights are all that a run does, and nothing else. The roles of
// docs/fleet-clusterrole.yaml are made of the whole table.
func Rights(use Use) []Right {
	rights := []Right{
		{WholeCluster, "*", "*", []string{"list"}, "the inventory before and after, which proves that nothing else changed"},
		{WholeCluster, "", "namespaces", own(), "the sample's namespace; kube-system's UID identifies the cluster"},
		{System, "", "pods", read(), "istiod and the gateway"},
		{System, "", "pods/exec", []string{"get", "create"}, "istiod's and the gateway's own view of the mesh"},
		{System, "", "pods/log", []string{"get"}, "the diagnosis of a failure"},
		{System, "", "configmaps", []string{"get"}, "mesh configuration, injector, root certificate"},
		{System, "", "services", read(), "the gateway's address"},
		{System, "apps", "deployments", read(), "the gateway's and istiod's state"},
		{System, "", "secrets", read(), "remote secrets"},
		{Lock, "coordination.k8s.io", "leases", []string{"get", "create", "update", "delete"}, "one run at a time"},
		{Sample, "", "pods", own(), "callers without a sidecar"},
		{Sample, "", "pods/exec", []string{"get", "create"}, "the calls"},
		{Sample, "", "pods/log", []string{"get"}, "the diagnosis of a failure"},
		{Sample, "", "services", own(), "HelloWorld and Sleep"},
		{Sample, "", "serviceaccounts", own(), "Sleep's identity"},
		{Sample, "apps", "deployments", own(), "HelloWorld and Sleep"},
		{Sample, "security.istio.io", "peerauthentications", own(), "the scenario that plaintext is refused"},
	}
	if use.Reuse {
		return rights
	}
	if use.Asmcli {
		const asks = "asmcli asks which fleet the cluster is a member of"
		rights = append(rights,
			Right{WholeCluster, "apiextensions.k8s.io", "customresourcedefinitions", []string{"get"}, asks},
			Right{WholeCluster, "hub.gke.io", "memberships", []string{"get"}, asks})
	}
	return append(rights,
		Right{System, "", "services", own(), "the gateway"},
		Right{System, "", "serviceaccounts", own(), "the gateway's and the reader's account"},
		Right{System, "", "secrets", own(), "remote secrets and the reader's token"},
		Right{System, "apps", "deployments", own(), "the gateway"},
		Right{System, "autoscaling", "horizontalpodautoscalers", own(), "the gateway"},
		Right{System, "policy", "poddisruptionbudgets", own(), "the gateway"},
		Right{System, "rbac.authorization.k8s.io", "roles", own(), "the gateway reads secrets of its namespace"},
		Right{System, "rbac.authorization.k8s.io", "rolebindings", own(), "the gateway reads secrets of its namespace"},
		Right{System, "networking.istio.io", "gateways", own(), "cross-network-gateway"},
	)
}

// RoleName names the roles of docs/fleet-clusterrole.yaml.
const RoleName = "eastwest-run"

// Roles are the least roles with all rights: one for the whole cluster, with
// the sample's, and one each for the two namespaces that are there.
func Roles() (*rbacv1.ClusterRole, []*rbacv1.Role) {
	cluster := &rbacv1.ClusterRole{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"},
		ObjectMeta: metav1.ObjectMeta{Name: RoleName},
		Rules:      append(rules(WholeCluster), rules(Sample)...),
	}
	var roles []*rbacv1.Role
	for _, where := range []struct {
		scope     Scope
		namespace string
	}{{System, fleet.SystemNamespace}, {Lock, ledger.LockNamespace}} {
		roles = append(roles, &rbacv1.Role{
			TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
			ObjectMeta: metav1.ObjectMeta{Name: RoleName, Namespace: where.namespace},
			Rules:      rules(where.scope),
		})
	}
	return cluster, roles
}

// rules are the table's rows of a scope. A row that another one includes is
// left out, as those of reuse are by those of install.
func rules(scope Scope) []rbacv1.PolicyRule {
	var made []rbacv1.PolicyRule
	index := map[string]int{}
	for _, right := range Rights(everything()) {
		if right.Scope != scope {
			continue
		}
		rule := rbacv1.PolicyRule{APIGroups: []string{right.Group}, Resources: []string{right.Resource}, Verbs: right.Verbs}
		key := right.Group + "/" + right.Resource
		if i, twice := index[key]; twice {
			if len(rule.Verbs) > len(made[i].Verbs) {
				made[i] = rule
			}
			continue
		}
		index[key] = len(made)
		made = append(made, rule)
	}
	return made
}
