package preflight

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite docs/fleet-clusterrole.yaml")

const (
	rolesFile = "../../docs/fleet-clusterrole.yaml"
	rolesHead = `# The least that the user of a fleet's kubeconfigs must be allowed on every
# cluster. Made of the table of rights in framework/preflight, which
# "eastwest preflight" asks the API servers for; a test keeps the two equal.
#
# Apply it and bind it, in every cluster, for a user USER:
#
#   kubectl apply -f docs/fleet-clusterrole.yaml
#   kubectl create clusterrolebinding eastwest-run --clusterrole=eastwest-run --user=USER
#   kubectl -n istio-system create rolebinding eastwest-run --role=eastwest-run --user=USER
#   kubectl -n kube-system create rolebinding eastwest-run --role=eastwest-run --user=USER
#
# "list" of everything is the inventory that proves that a run leaves nothing
# behind. It includes Secrets, and since the run makes the sample's namespace
# and removes it again, what it does there can only be allowed in all
# namespaces, commands in containers too: treat the kubeconfigs accordingly.
`
)

// The role in docs is the table of rights, no more and no less.
func TestRolesInDocs(t *testing.T) {
	cluster, roles := Roles()
	var want bytes.Buffer
	want.WriteString(rolesHead)
	for i, object := range append([]any{cluster}, toAny(roles)...) {
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			want.WriteString("---\n")
		}
		want.Write(text)
	}
	if *update {
		if err := os.WriteFile(rolesFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(rolesFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(got)); diff != "" {
		t.Errorf("docs/fleet-clusterrole.yaml is not the table (run with -update):\n%s", diff)
	}
}

func toAny(roles []*rbacv1.Role) []any {
	all := make([]any, len(roles))
	for i, role := range roles {
		all[i] = role
	}
	return all
}

// Every right is granted by the roles, so that binding them is what preflight
// says it is.
func TestRolesGrantEveryRight(t *testing.T) {
	cluster, roles := Roles()
	granted := map[Scope][]rbacv1.PolicyRule{WholeCluster: cluster.Rules, Sample: cluster.Rules, System: roles[0].Rules, Lock: roles[1].Rules}
	for _, use := range []Use{{}, {Reuse: true}, {Asmcli: true}} {
		for _, right := range Rights(use) {
			for _, verb := range right.Verbs {
				if !grants(granted[right.Scope], right, verb) {
					t.Errorf("%+v: no role grants %s of %s", use, verb, right)
				}
			}
			if right.Why == "" {
				t.Errorf("%s has no reason", right)
			}
		}
	}
}

func grants(rules []rbacv1.PolicyRule, right Right, verb string) bool {
	return slices.ContainsFunc(rules, func(rule rbacv1.PolicyRule) bool {
		return slices.Contains(rule.APIGroups, right.Group) && slices.Contains(rule.Resources, right.Resource) && slices.Contains(rule.Verbs, verb)
	})
}
