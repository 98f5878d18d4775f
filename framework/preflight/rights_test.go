package preflight

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Every right is granted by the roles of its purpose and of those that include it, so
// that binding them is what preflight says it is.
func TestRolesGrantEveryRight(t *testing.T) {
	for _, use := range uses() {
		cluster, roles := Roles(use)
		for _, asmcli := range []bool{false, true} {
			use.Asmcli = asmcli
			for _, right := range Rights(use) {
				granted := cluster.Rules
				for _, role := range roles {
					if role.Namespace == use.namespace(right.Scope) {
						granted = slices.Concat(granted, role.Rules)
					}
				}
				for _, verb := range right.Verbs {
					if !grants(granted, right, verb) {
						t.Errorf("%+v: no role grants %s of %s", use, verb, use.describe(right))
					}
				}
				if right.Why == "" {
					t.Errorf("%s has no reason", use.describe(right))
				}
			}
		}
	}
}

func grants(rules []rbacv1.PolicyRule, right Right, verb string) bool {
	return slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool {
		return slices.Contains(rule.APIGroups, right.Group) && slices.Contains(rule.Resources, right.Resource) && slices.Contains(rule.Verbs, verb) &&
			(right.Named || len(rule.ResourceNames) == 0)
	})
}

func uses() []Use {
	var all []Use
	for _, purpose := range Purposes() {
		for _, existing := range []bool{false, true} {
			all = append(all, Use{Purpose: purpose, Namespace: "sample", Existing: existing})
		}
	}
	return all
}

// With a namespace made beforehand a run on the mesh that is there may write in that
// namespace and nowhere else.
func TestRolesForANamespaceMadeBeforehandWriteThereAlone(t *testing.T) {
	cluster, roles := Roles(Use{Purpose: Verify, Namespace: "shop", Existing: true})
	reads := []string{"get", "list", "watch"}
	outside := slices.Clone(cluster.Rules)
	for _, role := range roles {
		if role.Namespace != "shop" {
			outside = append(outside, role.Rules...)
		}
	}
	for _, rule := range outside {
		exec := slices.Equal(rule.Resources, []string{"pods/exec"})
		if !exec && slices.ContainsFunc(rule.Verbs, func(verb string) bool { return !slices.Contains(reads, verb) }) {
			t.Errorf("may write outside the namespace: %v", rule)
		}
	}
}

// What a security team asks first.
func TestRolesAreNarrow(t *testing.T) {
	for _, use := range uses() {
		purpose := use.Purpose
		cluster, roles := Roles(use)
		all := slices.Clone(cluster.Rules)
		for _, role := range roles {
			all = append(all, role.Rules...)
			if len(role.Rules) == 0 || role.Namespace == "" {
				t.Errorf("%s: an empty role in %q", purpose, role.Namespace)
			}
		}
		for _, rule := range all {
			if strings.Contains(strings.Join(slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs), " "), "*") {
				t.Errorf("%s: want nothing of everything, got %v", purpose, rule)
			}
			if changes := slices.ContainsFunc(rule.Verbs, func(verb string) bool {
				return verb == "patch" || verb == "update" || verb == "delete"
			}); changes && (purpose.reads() || slices.Contains(rule.Resources, "namespaces") && !slices.Equal(rule.ResourceNames, []string{"sample"})) {
				t.Errorf("%s: may change others' objects: %v", purpose, rule)
			}
		}
		for _, rule := range cluster.Rules {
			if slices.Contains(rule.Resources, "secrets") {
				t.Errorf("%s: secrets of all namespaces: %v", purpose, rule)
			}
			if purpose.reads() && slices.Contains(rule.Resources, "pods/exec") {
				t.Errorf("%s: commands in pods of all namespaces: %v", purpose, rule)
			}
		}
	}
}
