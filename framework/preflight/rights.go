package preflight

import (
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/ledger"
)

// Scope is where a right is needed.
type Scope string

// The scopes. Where the sample's namespace is made by the run, its rights can only be
// granted for all namespaces; where it was made beforehand, the lock is in it, too.
const (
	WholeCluster Scope = "cluster"
	System       Scope = names.System
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
	// Made is a right that is only needed where the run makes the sample's namespace.
	Made bool
}

// describe is the short form of a right for messages: "list,watch services in istio-system".
func (u Use) describe(r Right) string {
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
		return text + " in " + names.System
	case Lock:
		return text + " in " + u.namespace(Lock)
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
	// Upgrade is upgrade check and plan. It includes Diagnose, and is in no other.
	Upgrade Purpose = "upgrade"
)

// Purposes lists them.
func Purposes() []Purpose { return []Purpose{Diagnose, Verify, Install, Upgrade} }

func (p Purpose) includes(other Purpose) bool {
	if p == Upgrade || other == Upgrade {
		return other == Diagnose || p == other
	}
	return slices.Index(Purposes(), other) <= slices.Index(Purposes(), p)
}

// reads is true for a purpose that changes nothing.
func (p Purpose) reads() bool { return p == Diagnose || p == Upgrade }

// upgradeTable is what an upgrade looks at beside what a diagnosis does.
func upgradeTable() []Right {
	list := []string{"list"}
	rows := []Right{
		{For: Upgrade, Scope: WholeCluster, Resource: "namespaces", Verbs: []string{"get", "list"}, Why: "which namespaces follow which revision"},
		{For: Upgrade, Scope: WholeCluster, Resource: "pods", Verbs: list, Why: "the proxies of all namespaces, and the room on the nodes"},
		{For: Upgrade, Scope: WholeCluster, Resource: "nodes", Verbs: list, Why: "the room on the nodes"},
		{For: Upgrade, Scope: WholeCluster, Resource: "configmaps", Verbs: list, Why: "the root that istiod publishes in each namespace"},
		{For: Upgrade, Scope: WholeCluster, Group: "admissionregistration.k8s.io", Resource: "validatingwebhookconfigurations", Verbs: list, Why: "who judges Istio's resources"},
		{For: Upgrade, Scope: WholeCluster, Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions", Verbs: []string{"get"}, Why: "the version of the Gateway API"},
	}
	for _, kind := range names.Configuration() {
		rows = append(rows, Right{For: Upgrade, Scope: WholeCluster, Group: kind.Group, Resource: kind.Resource, Verbs: []string{"get", "list"}, Why: "resources that only one revision reads"})
	}
	return rows
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
		{For: Diagnose, Scope: WholeCluster, Group: names.Networking, Resource: "gateways", Verbs: []string{"get", "list"}, Why: "the Gateway that exposes the services"},
		{For: Diagnose, Scope: WholeCluster, Group: names.Networking, Resource: "destinationrules", Verbs: []string{"list"}, Why: "rules that turn mutual TLS off, and subsets"},
		{For: Diagnose, Scope: WholeCluster, Group: names.Networking, Resource: "virtualservices", Verbs: []string{"list"}, Why: "routes to subsets"},
		{For: Diagnose, Scope: WholeCluster, Group: names.Networking, Resource: "sidecars", Verbs: []string{"list"}, Why: "hosts that callers do not know"},
		{For: Diagnose, Scope: WholeCluster, Group: names.Security, Resource: "peerauthentications", Verbs: []string{"list"}, Why: "policies that refuse calls"},
		{For: Diagnose, Scope: WholeCluster, Group: names.Security, Resource: "authorizationpolicies", Verbs: []string{"list"}, Why: "policies that refuse calls"},
		{For: Diagnose, Scope: WholeCluster, Group: names.GatewayGroup, Resource: "gateways", Verbs: []string{"list"}, Why: "gateways that are made by the Gateway API", Optional: true},
		{For: Diagnose, Scope: WholeCluster, Resource: "services", Verbs: []string{"list"}, Why: "gateways in other namespaces than istio-system", Optional: true},
		{For: Diagnose, Scope: WholeCluster, Resource: "pods", Verbs: []string{"list"}, Why: "the pods of gateways in other namespaces", Optional: true},
		{For: Diagnose, Scope: WholeCluster, Resource: "nodes", Verbs: []string{"list"}, Why: "the addresses of gateways of type NodePort", Optional: true},
		{For: Diagnose, Scope: System, Resource: "pods", Verbs: read, Why: "istiod and the gateway"},
		{For: Diagnose, Scope: System, Resource: "pods/exec", Verbs: []string{"get", "create"}, Why: "istiod's and the gateway's own view of the mesh"},
		{For: Diagnose, Scope: System, Resource: "pods/log", Verbs: []string{"get"}, Why: "the diagnosis of a failure"},
		{For: Diagnose, Scope: System, Resource: "configmaps", Verbs: []string{"get"}, Why: "mesh configuration, injector, root certificate"},
		{For: Diagnose, Scope: System, Resource: "events", Verbs: []string{"list"}, Why: "what keeps a gateway from its address", Optional: true},
		{For: Diagnose, Scope: System, Resource: "services", Verbs: read, Why: "the gateway's address"},
		{For: Diagnose, Scope: System, Group: "discovery.k8s.io", Resource: "endpointslices", Verbs: []string{"list"}, Why: "the control plane of a cluster that has none of its own", Optional: true},
		{For: Diagnose, Scope: System, Group: "apps", Resource: "deployments", Verbs: read, Why: "the gateway's and istiod's state"},
		{For: Diagnose, Scope: System, Group: "apps", Resource: "daemonsets", Verbs: []string{"list"}, Why: "gateways that run on every node"},
		{For: Diagnose, Scope: System, Group: "networking.k8s.io", Resource: "networkpolicies", Verbs: []string{"list"}, Why: "what keeps calls from the gateway"},
		{For: Diagnose, Scope: System, Resource: "secrets", Verbs: read, Why: "remote secrets and root certificates"},
		{For: Diagnose, Scope: Sample, Resource: "pods", Verbs: read, Why: "HelloWorld and Sleep"},
		{For: Diagnose, Scope: Sample, Resource: "pods/exec", Verbs: []string{"get", "create"}, Why: "the calls"},
		{For: Diagnose, Scope: Sample, Resource: "pods/log", Verbs: []string{"get"}, Why: "the diagnosis of a failure"},
		{For: Diagnose, Scope: Sample, Resource: "services", Verbs: read, Why: "HelloWorld"},
		{For: Diagnose, Scope: Sample, Group: "apps", Resource: "deployments", Verbs: read, Why: "why HelloWorld and Sleep have no pods"},
		{For: Diagnose, Scope: Sample, Group: "networking.k8s.io", Resource: "networkpolicies", Verbs: []string{"list"}, Why: "what keeps calls from HelloWorld"},

		{For: Verify, Scope: WholeCluster, Resource: "namespaces", Verbs: []string{"get", "list"}, Why: inventory, Optional: true},
		{For: Verify, Scope: WholeCluster, Resource: "namespaces", Made: true, Verbs: []string{"get", "list", "watch", "create"}, Why: "the sample's namespace"},
		{For: Verify, Scope: WholeCluster, Resource: "namespaces", Made: true, Named: true, Verbs: []string{"patch", "delete"}, Why: "the sample's namespace, and no other"},
		{For: Verify, Scope: WholeCluster, Group: "coordination.k8s.io", Resource: "leases", Verbs: []string{"list"}, Why: "the locks of runs in other namespaces", Optional: true},
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
		{For: Verify, Scope: Sample, Group: names.Security, Resource: "peerauthentications", Verbs: own, Why: "the scenario that plaintext is refused"},

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
		{For: Install, Scope: System, Group: names.Networking, Resource: "gateways", Verbs: own, Why: "cross-network-gateway"},
	}
}

// Use is what rights are needed for.
type Use struct {
	Purpose Purpose
	// Namespace is the sample's; empty where each run makes one of its own name, or where
	// there is none to diagnose.
	Namespace string
	// Existing is true where the namespace was made beforehand: then nothing is written
	// outside it, but what Install makes in istio-system.
	Existing bool
	// Asmcli is true for a fleet whose remote secrets asmcli makes.
	Asmcli bool
}

// Rights are what a use needs.
func Rights(use Use) []Right {
	var needed []Right
	for _, right := range slices.Concat(table(), upgradeTable()) {
		if use.Purpose.includes(right.For) && (use.Asmcli || !right.Asmcli) && !(use.Existing && right.Made) {
			needed = append(needed, right)
		}
	}
	return needed
}

// RoleName names the roles of a purpose.
func RoleName(purpose Purpose) string { return "eastwest-" + string(purpose) }

// Roles are the least that a use needs, asmcli's included: one role for the whole cluster
// and one for each namespace that is there. Where a run makes the sample's namespace and
// removes it again, its rights in there can only be granted for all namespaces.
func Roles(use Use) (*rbacv1.ClusterRole, []*rbacv1.Role) {
	use.Asmcli = true
	everywhere := []Scope{WholeCluster}
	if use.makes() {
		everywhere = append(everywhere, Sample)
	}
	cluster := &rbacv1.ClusterRole{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"},
		ObjectMeta: metav1.ObjectMeta{Name: RoleName(use.Purpose)},
		Rules:      use.rules(everywhere...),
	}
	places := map[string][]Scope{}
	var names []string
	for _, scope := range []Scope{System, Lock, Sample} {
		name := use.namespace(scope)
		if name == "" || slices.Contains(everywhere, scope) {
			continue
		}
		if places[name] = append(places[name], scope); len(places[name]) == 1 {
			names = append(names, name)
		}
	}
	var roles []*rbacv1.Role
	for _, name := range names {
		rules := use.rules(places[name]...)
		if len(rules) == 0 {
			continue
		}
		roles = append(roles, &rbacv1.Role{
			TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
			ObjectMeta: metav1.ObjectMeta{Name: RoleName(use.Purpose), Namespace: name},
			Rules:      rules,
		})
	}
	return cluster, roles
}

// makes is true where the run makes the sample's namespace. Who only reads finds it there.
func (u Use) makes() bool { return !u.Purpose.reads() && !u.Existing }

// namespace is where a scope is; empty for the whole cluster.
func (u Use) namespace(s Scope) string {
	switch s {
	case System:
		return names.System
	case Lock:
		if u.Existing {
			return u.Namespace
		}
		return ledger.LockNamespace
	case Sample:
		return u.Namespace
	default:
		return ""
	}
}

// rules are the table's rows of the scopes. A row that a later one includes is left out.
func (u Use) rules(scopes ...Scope) []rbacv1.PolicyRule {
	var made []rbacv1.PolicyRule
	index := map[string]int{}
	for _, right := range Rights(u) {
		if !slices.Contains(scopes, right.Scope) {
			continue
		}
		rule := rbacv1.PolicyRule{APIGroups: []string{right.Group}, Resources: []string{right.Resource}, Verbs: right.Verbs}
		if right.Named && u.Namespace != "" {
			rule.ResourceNames = []string{u.Namespace}
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
