package fleets

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLabFleetNamespaceMadeBeforehand has the security team make a namespace in which Pod
// Security "restricted" is enforced and another team already works, and grant what "eastwest
// roles --existing" prints, and nothing more.
func TestLabFleetNamespaceMadeBeforehand(t *testing.T) {
	const user, namespace = "guest", "shop"
	f := beginWith(t, "--mesh", "--istio-cni", "--audit")
	for _, cluster := range []string{"cluster1", "cluster2"} {
		f.inside(t, "kubectl", "--context="+cluster, "delete", "namespace", "sample")
		f.inside(t, "kubectl", "--context="+cluster, "create", "namespace", namespace)
		f.inside(t, "kubectl", "--context="+cluster, "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
		f.inside(t, "kubectl", "--context="+cluster, "--namespace="+namespace, "create", "configmap", "of-another-team", "--from-literal=a=b")
	}
	f.edit(t, `images:\n`, "namespace: {name: "+namespace+", existing: true}\nimages:\n")
	owners := f
	f.grant(t, user, "--for", "verify", "--namespace", namespace, "--existing")
	f = f.as(t, user)
	t.Run("pods that would get no sidecar are reported, with the command that helps", func(t *testing.T) {
		_, said := f.verify(t, usage)
		if !strings.Contains(said, "a pod like sleep-eastwest-try gets no sidecar") {
			t.Fatalf("want it said what is missing, got\n%s", said)
		}
		commands := regexp.MustCompile(`kubectl [^;\n]*label namespace [^;\n]*--overwrite`).FindAllString(said, -1)
		for _, command := range commands {
			owners.inside(t, "bash", "-c", command+" --as=admin --as-group=system:masters")
		}
		if len(commands) < 2 {
			t.Errorf("want a command for each cluster, got %q in\n%s", commands, said)
		}
	})
	before := f.of(t, namespace)
	t.Run("pods that Pod Security forbids are reported", func(t *testing.T) {
		careless := f.copy(t)
		careless.edit(t, `images:\n`, "workload: {securityContext: {}}\nimages:\n")
		_, said := careless.verify(t, usage)
		if !strings.Contains(said, "is not admitted") || !strings.Contains(said, `violates PodSecurity "restricted:latest"`) {
			t.Errorf("want it said what is forbidden, got\n%s", said)
		}
	})
	t.Run("conformant", func(t *testing.T) {
		f.verify(t, conformant)
		if diff := cmp.Diff(before, f.of(t, namespace)); diff != "" {
			t.Errorf("the namespace (-before +after):\n%s", diff)
		}
	})
	t.Run("diagnose", func(t *testing.T) { f.inside(t, f.eastwest.Path, "diagnose", "--fleet", f.file) })
	t.Run("what a killed run left is cleaned up", func(t *testing.T) {
		r := f.start(t)
		r.awaitLine(t, "Make the HelloWorld service in every cluster: done")
		if err := r.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = r.cmd.Wait() // that it was killed is no news
		if diff := cmp.Diff(before, f.of(t, namespace)); diff == "" {
			t.Error("the run was killed before it made anything")
		}
		for range 2 {
			f.inside(t, f.eastwest.Path, "cleanup")
			if diff := cmp.Diff(before, f.of(t, namespace)); diff != "" {
				t.Errorf("the namespace (-before +after):\n%s", diff)
			}
		}
	})
	for _, did := range f.writes(t, user) {
		if did.Ref.Namespace != namespace || did.Ref.Resource == "namespaces" {
			t.Errorf("want nothing written outside namespace %s, nor the namespace itself, got %s", namespace, did)
		}
	}
}

// copy is the same fleet with a file of its own.
func (f somebodys) copy(t *testing.T) somebodys {
	t.Helper()
	return f.as(t, "guest")
}

// of lists what is in a namespace on both clusters, and the namespace itself, by UID.
func (f somebodys) of(t *testing.T, namespace string) string {
	t.Helper()
	var all strings.Builder
	for _, cluster := range []string{"cluster1", "cluster2"} {
		for _, kinds := range []string{"namespace/" + namespace, "deployments,services,pods,serviceaccounts,configmaps,leases,peerauthentications"} {
			all.WriteString(f.inside(t, "kubectl", "--context="+cluster, "--namespace="+namespace, "get", kinds, "--ignore-not-found",
				`--output=jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{"\n"}{end}{.metadata.uid}{"\n"}`))
		}
	}
	return all.String()
}
