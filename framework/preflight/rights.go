package preflight

import (
	"fmt"
	"slices"
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
	For      Purpose // the least purpose that needs it
	Scope    Scope
	Group    string
	Resource string // with its subresource, as in roles: "pods/exec"
	Verbs    []string
	Why      string
	// Optional is a right without which a run says less, and is no less right.
	Optional bool
	// Named is a right to the object alone that is called as the sample's namespace.
	Named bool
	// Asmcli is a right that only asmcli needs.
	Asmcli bool
}

// String is the short form for messages: "list,watch services in istio-system".
func (r Right) String() string {
	resource := r.Resource
	if r.Group != "" {
		resource += "." + r.Group
	}
	text := strings.Join(r.Verbs, ",") + " " + resource
	if r.Named {
		text += " with the sample's name"
	}
	switch r.Scope {
	case System:
		return text + " in " + fleet.SystemNamespace
	case Lock:
		return text + " in " + ledger.LockNamespace
	case Sample:
		return text + " in the sample's namespace"
	default:
		return text
	}
}

// Purpose is what somebody is granted rights for. Each includes the one before.
type Purpose string

// The purposes, in their order.
const (
	Diagnose Purpose = "diagnose" // preflight and diagnose: nothing of a cluster's changes
	Verify   Purpose = "verify"   // verify on the mesh that is there, and cleanup
	Install  Purpose = "install"  // verify that makes what is missing of the mesh
)

// Purposes lists them.
func Purposes() []Purpose { return []Purpose{Diagnose, Verify, Install} }

func (p Purpose) includes(other Purpose) bool {
	return slices.Index(Purposes(), other) <= slices.Index(Purposes(), p)
}

// table is all that eastwest does on somebody's clusters, and nothing else. Of two rows
// for one resource the later includes the earlier.
func table() []Right {
	const (
		inventory = "the inventory before and after, which shows what else changed"
		asks      = "asmcli asks which fleet the cluster is a member of"
	)
	read := []string{"get", "list", "watch"}
	own := []string{"get", "list", "watch", "create", "patch", "delete"}
	return []Right{
		{For: Diagnose, Scope: WholeCluster, Resource: "namespaces", Verbs: []string{"get"}, Why: "the network and the injection of a namespace; kube-system's UID identifies the cluster"},
		{For: Diagnose, Scope: WholeCluster, Group: "admissionregistration.k8s.io", Resource: "mutatingwebhookconfigurations", Verbs: []string{"list"}, Why: "the injector of the revision"},
		{For: Diagnose, Scope: WholeCluster, Group: "networking.istio.io", Resource: "gateways", Verbs: []string{"get", "list"}, Why: "the Gateway that exposes the services"},
		{For: Diagnose, Scope: WholeCluster, Group: "networking.istio.io", Resource: "destinationrules", Verbs: []string{"list"}, Why: "rules that turn mutual TLS off"},
		{For: Diagnose, Scope: WholeCluster, Group: "security.istio.io", Resource: "peerauthentications", Verbs: []string{"list"}, Why: "policies that refuse calls"},
		{For: Diagnose, Scope: System, Resource: "pods", Verbs: read, Why: "istiod and the gateway"},
		{For: Diagnose, Scope: System, Resource: "pods/exec", Verbs: []string{"get", "create"}, Why: "istiod's and the gateway's own view of the mesh"},
		{For: Diagnose, Scope: System, Resource: "pods/log", Verbs: []string{"get"}, Why: "the diagnosis of a failure"},
		{For: Diagnose, Scope: System, Resource: "configmaps", Verbs: []string{"get"}, Why: "mesh configuration, injector, root certificate"},
		{For: Diagnose, Scope: System, Resource: "events", Verbs: []string{"list"}, Why: "what keeps a gateway from its address", Optional: true},
		{For: Diagnose, Scope: System, Resource: "services", Verbs: read, Why: "the gateway's address"},
		{For: Diagnose, Scope: System, Group: "apps", Resource: "deployments", Verbs: read, Why: "the gateway's and istiod's state"},
		{For: Diagnose, Scope: System, Resource: "secrets", Verbs: read, Why: "remote secrets and root certificates"},
		{For: Diagnose, Scope: Sample, Resource: "pods", Verbs: read, Why: "HelloWorld and Sleep"},
		{For: Diagnose, Scope: Sample, Resource: "pods/exec", Verbs: []string{"get", "create"}, Why: "the calls"},
		{For: Diagnose, Scope: Sample, Resource: "pods/log", Verbs: []string{"get"}, Why: "the diagnosis of a failure"},
		{For: Diagnose, Scope: Sample, Resource: "services", Verbs: read, Why: "HelloWorld"},

		{For: Verify, Scope: WholeCluster, Resource: "namespaces", Verbs: []string{"get", "list", "watch", "create"}, Why: "the sample's namespace"},
		{For: Verify, Scope: WholeCluster, Resource: "namespaces", Named: true, Verbs: []string{"patch", "delete"}, Why: "the sample's namespace, and no other"},
		{For: Verify, Scope: WholeCluster, Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions", Verbs: []string{"list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: WholeCluster, Group: "admissionregistration.k8s.io", Resource: "validatingwebhookconfigurations", Verbs: []string{"list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: WholeCluster, Group: "rbac.authorization.k8s.io", Resource: "clusterroles", Verbs: []string{"list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: WholeCluster, Group: "rbac.authorization.k8s.io", Resource: "clusterrolebindings", Verbs: []string{"list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: System, Resource: "configmaps", Verbs: []string{"get", "list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: System, Resource: "serviceaccounts", Verbs: []string{"list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: System, Group: "rbac.authorization.k8s.io", Resource: "roles", Verbs: []string{"list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: System, Group: "rbac.authorization.k8s.io", Resource: "rolebindings", Verbs: []string{"list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: System, Group: "autoscaling", Resource: "horizontalpodautoscalers", Verbs: []string{"list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: System, Group: "policy", Resource: "poddisruptionbudgets", Verbs: []string{"list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: Lock, Group: "coordination.k8s.io", Resource: "leases", Verbs: []string{"get", "create", "update", "delete"}, Why: "one run at a time"},
		{For: Verify, Scope: Sample, Resource: "pods", Verbs: own, Why: "callers without a sidecar"},
		{For: Verify, Scope: Sample, Resource: "services", Verbs: own, Why: "HelloWorld and Sleep"},
		{For: Verify, Scope: Sample, Resource: "serviceaccounts", Verbs: own, Why: "Sleep's identity"},
		{For: Verify, Scope: Sample, Group: "apps", Resource: "deployments", Verbs: own, Why: "HelloWorld and Sleep"},
		{For: Verify, Scope: Sample, Group: "security.istio.io", Resource: "peerauthentications", Verbs: own, Why: "the scenario that plaintext is refused"},

		{For: Install, Scope: WholeCluster, Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions", Verbs: []string{"get", "list"}, Why: asks, Asmcli: true},
		{For: Install, Scope: WholeCluster, Group: "hub.gke.io", Resource: "memberships", Verbs: []string{"get"}, Why: asks, Asmcli: true},
		{For: Install, Scope: System, Resource: "services", Verbs: own, Why: "the gateway"},
		{For: Install, Scope: System, Resource: "serviceaccounts", Verbs: own, Why: "the gateway's and the reader's account"},
		{For: Install, Scope: System, Resource: "secrets", Verbs: own, Why: "remote secrets and the reader's token"},
		{For: Install, Scope: System, Group: "apps", Resource: "deployments", Verbs: own, Why: "the gateway"},
		{For: Install, Scope: System, Group: "autoscaling", Resource: "horizontalpodautoscalers", Verbs: own, Why: "the gateway"},
		{For: Install, Scope: System, Group: "policy", Resource: "poddisruptionbudgets", Verbs: own, Why: "the gateway"},
		{For: Install, Scope: System, Group: "rbac.authorization.k8s.io", Resource: "roles", Verbs: own, Why: "the gateway reads secrets of its namespace"},
		{For: Install, Scope: System, Group: "rbac.authorization.k8s.io", Resource: "rolebindings", Verbs: own, Why: "the gateway reads secrets of its namespace"},
		{For: Install, Scope: System, Group: "networking.istio.io", Resource: "gateways", Verbs: own, Why: "cross-network-gateway"},
	}
}

// Rights are what a purpose needs. asmcli is for a fleet whose remote secrets it makes.
func Rights(purpose Purpose, asmcli bool) []Right {
	var needed []Right
	for _, right := range table() {
		if purpose.includes(right.For) && (asmcli || !right.Asmcli) {
			needed = append(needed, right)
		}
	}
	return needed
}

// RoleName names the roles of a purpose.
func RoleName(purpose Purpose) string { return "eastwest-" + string(purpose) }

// Roles are the least that a purpose needs: one role for the whole cluster and one for
// each namespace that is there. namespace is the sample's; empty where each run makes one
// of its own name, or where there is none to diagnose. A run makes that namespace and
// removes it again, so that its rights in there can only be granted for all namespaces; a
// diagnosis finds it there and has a role in it.
func Roles(purpose Purpose, namespace string) (*rbacv1.ClusterRole, []*rbacv1.Role) {
	everywhere, places := []Scope{WholeCluster, Sample}, []Scope{System, Lock}
	if purpose == Diagnose {
		everywhere, places = []Scope{WholeCluster}, []Scope{System, Sample}
	}
	cluster := &rbacv1.ClusterRole{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"},
		ObjectMeta: metav1.ObjectMeta{Name: RoleName(purpose)},
		Rules:      rules(purpose, namespace, everywhere...),
	}
	var roles []*rbacv1.Role
	for _, scope := range places {
		if scope.namespace(namespace) == "" {
			continue
		}
		roles = append(roles, &rbacv1.Role{
			TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
			ObjectMeta: metav1.ObjectMeta{Name: RoleName(purpose), Namespace: scope.namespace(namespace)},
			Rules:      rules(purpose, namespace, scope),
		})
	}
	return cluster, roles
}

// namespace is where a scope is; empty for the whole cluster.
func (s Scope) namespace(sample string) string {
	switch s {
	case System:
		return fleet.SystemNamespace
	case Lock:
		return ledger.LockNamespace
	case Sample:
		return sample
	default:
		return ""
	}
}

// rules are the table's rows of the scopes. A row that a later one includes is left out.
func rules(purpose Purpose, namespace string, scopes ...Scope) []rbacv1.PolicyRule {
	var made []rbacv1.PolicyRule
	index := map[string]int{}
	for _, right := range Rights(purpose, true) {
		if !slices.Contains(scopes, right.Scope) {
			continue
		}
		rule := rbacv1.PolicyRule{APIGroups: []string{right.Group}, Resources: []string{right.Resource}, Verbs: right.Verbs}
		if right.Named && namespace != "" {
			rule.ResourceNames = []string{namespace}
		}
		key := fmt.Sprint(right.Scope, right.Group, "/", right.Resource, right.Named)
		if i, twice := index[key]; twice {
			made[i] = rule
			continue
		}
		index[key] = len(made)
		made = append(made, rule)
	}
	return made
}
