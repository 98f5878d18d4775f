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
	for _, purpose := range Purposes() {
		cluster, roles := Roles(purpose, "sample")
		for _, asmcli := range []bool{false, true} {
			for _, right := range Rights(purpose, asmcli) {
				granted := cluster.Rules
				for _, role := range roles {
					if role.Namespace == right.Scope.namespace("sample") {
						granted = slices.Concat(granted, role.Rules)
					}
				}
				for _, verb := range right.Verbs {
					if !grants(granted, right, verb) {
						t.Errorf("%s: no role grants %s of %s", purpose, verb, right)
					}
				}
				if right.Why == "" {
					t.Errorf("%s has no reason", right)
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

// What a security team asks first.
func TestRolesAreNarrow(t *testing.T) {
	for _, purpose := range Purposes() {
		cluster, roles := Roles(purpose, "sample")
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
			}); changes && (purpose == Diagnose || slices.Contains(rule.Resources, "namespaces") && !slices.Equal(rule.ResourceNames, []string{"sample"})) {
				t.Errorf("%s: may change others' objects: %v", purpose, rule)
			}
		}
		for _, rule := range cluster.Rules {
			if slices.Contains(rule.Resources, "secrets") {
				t.Errorf("%s: secrets of all namespaces: %v", purpose, rule)
			}
			if purpose == Diagnose && slices.Contains(rule.Resources, "pods/exec") {
				t.Errorf("%s: commands in pods of all namespaces: %v", purpose, rule)
			}
		}
	}
}
