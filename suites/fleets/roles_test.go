package fleets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

// TestLabFleetRoles runs eastwest as users who may do what "eastwest roles" prints, bound
// as it says, and nothing more.
func TestLabFleetRoles(t *testing.T) {
	f := beginWith(t, "--mesh", "--audit")
	reader, verifier, installer := f.as(t, "diagnose"), f.as(t, "verify"), f.as(t, "install")
	for _, purpose := range []string{"diagnose", "verify", "install"} {
		f.grant(t, purpose, "--for", purpose, "--namespace", "sample")
	}
	t.Run("diagnose", func(t *testing.T) {
		f.inside(t, f.eastwest.Path, "diagnose", "--namespace", "sample", "--fleet", reader.file) // fails where something could not be read
		for _, did := range f.writes(t, "diagnose") {
			t.Errorf("want a diagnosis that changes nothing, got %s", did)
		}
	})
	for _, cluster := range []string{"cluster1", "cluster2"} {
		f.inside(t, "kubectl", "--context="+cluster, "delete", "namespace", "sample")
	}
	t.Run("the rights of a diagnosis are too few for a run", func(t *testing.T) {
		_, said := reader.verify(t, usage)
		if !strings.Contains(said, "create namespaces (the sample's namespace)") || !strings.Contains(said, "eastwest roles --for verify") {
			t.Errorf("want it said which right is missing and what grants it, got\n%s", said)
		}
		for _, line := range regexp.MustCompile(`preflight: (?:refused|unknown).*`).FindAllString(said, -1) {
			if !strings.Contains(line, "the user may not") {
				t.Errorf("want everything read but the rights to run, got %s", line)
			}
		}
	})
	t.Run("verify", func(t *testing.T) {
		run, said := verifier.verify(t, conformant, "--namespace", "sample")
		if notes(run, "not looked at for want of rights") == 0 {
			t.Errorf("want it said what the inventory could not see, got\n%s", said)
		}
		for _, did := range f.writes(t, "verify") {
			if !did.of("sample") && did.Ref.Resource != "leases" {
				t.Errorf("want nothing written but namespace sample and the lock, got %s", did)
			}
		}
	})
	t.Run("install", func(t *testing.T) {
		const gateway = "service/istio-eastwestgateway"
		for _, cluster := range []string{"cluster1", "cluster2"} {
			undo := []string{"kubectl", "--context=" + cluster, "--namespace=istio-system", "delete"}
			f.inside(t, append(undo, gateway, "deployment/istio-eastwestgateway", "hpa/istio-eastwestgateway", "serviceaccount/istio-eastwestgateway-service-account",
				"role/istio-eastwestgateway-sds", "rolebinding/istio-eastwestgateway-sds", "gateways.networking.istio.io/cross-network-gateway",
				"secret/istio-reader-service-account-istio-remote-secret-token")...)
			f.inside(t, append(undo, "secrets", "--selector=istio/multiCluster=true")...)
		}
		installer.verify(t, conformant, "--setup", "install", "--yes")
		if left := f.kubectl(t, "get", gateway, "--ignore-not-found"); left != "" {
			t.Errorf("left %s", left)
		}
	})
}

// as is the same fleet in the hands of a user who has no right yet.
func (f somebodys) as(t *testing.T, user string) somebodys {
	t.Helper()
	described, err := os.ReadFile(f.file)
	if err != nil {
		t.Fatal(err)
	}
	path := regexp.MustCompile(`kubeconfig: "([^"]*)"`).FindStringSubmatch(string(described))
	if path == nil {
		t.Fatalf("the fleet file has no kubeconfig:\n%s", described)
	}
	config, err := clientcmd.LoadFromFile(path[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range config.AuthInfos {
		info.Impersonate = user
	}
	folder := t.TempDir()
	if err := clientcmd.WriteToFile(*config, filepath.Join(folder, "kubeconfig")); err != nil {
		t.Fatal(err)
	}
	f.file = filepath.Join(folder, "fleet.yaml")
	described = []byte(strings.ReplaceAll(string(described), path[1], filepath.Join(folder, "kubeconfig")))
	if err := os.WriteFile(f.file, described, 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

// grant applies the printed roles with the owner's rights, and binds them by the commands
// of their first lines to a user.
func (f somebodys) grant(t *testing.T, user string, flags ...string) {
	t.Helper()
	printed := f.inside(t, append([]string{f.eastwest.Path, "roles"}, flags...)...)
	file := filepath.Join(t.TempDir(), "roles.yaml")
	if err := os.WriteFile(file, []byte(printed), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, cluster := range []string{"cluster1", "cluster2"} {
		f.inside(t, "kubectl", "--context="+cluster, "apply", "--filename="+file)
		for _, line := range regexp.MustCompile(`(?m)^#   kubectl (.*)$`).FindAllStringSubmatch(printed, -1) {
			argv := strings.Fields(strings.ReplaceAll(line[1], "USER", user))
			f.inside(t, append([]string{"kubectl", "--context=" + cluster}, argv...)...)
		}
	}
}

// audited is an entry of an API server's audit log.
type audited struct {
	Verb   string
	As     struct{ Username string }                               `json:"impersonatedUser"`
	Ref    struct{ Resource, Subresource, Namespace, Name string } `json:"objectRef"`
	Answer struct{ Code int }                                      `json:"responseStatus"`
}

func (a audited) String() string {
	return fmt.Sprintf("%s %s/%s %s in %q: %d", a.Verb, a.Ref.Resource, a.Ref.Subresource, a.Ref.Name, a.Ref.Namespace, a.Answer.Code)
}

// of is true for what is in a namespace, and for the namespace itself.
func (a audited) of(namespace string) bool {
	return a.Ref.Namespace == namespace || a.Ref.Resource == "namespaces" && a.Ref.Name == namespace
}

// writes are what a user asked the API servers to change, allowed or not: all but reading,
// commands in pods, and questions about the user's own rights.
func (f somebodys) writes(t *testing.T, user string) []audited {
	t.Helper()
	status, err := f.eastwest.Command(t, "lab", "status", "--name", f.lab).Output()
	if err != nil {
		t.Fatal(err)
	}
	logs := regexp.MustCompile(`\S+audit\.log`).FindAllString(string(status), -1)
	if len(logs) != 2 {
		t.Fatalf("want two audit logs, got %q in\n%s", logs, status)
	}
	var found []audited
	seen := 0
	for _, path := range logs {
		log, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(log) {
			var entry audited
			if err := json.Unmarshal(line, &entry); err != nil {
				t.Fatalf("%s: %v: %s", path, err, line)
			}
			if entry.As.Username != user {
				continue
			}
			seen++
			reads := []string{"get", "list", "watch"}
			if !slices.Contains(reads, entry.Verb) && entry.Ref.Subresource != "exec" && entry.Ref.Resource != "selfsubjectaccessreviews" {
				found = append(found, entry)
			}
		}
	}
	if seen == 0 {
		t.Errorf("the audit logs know nothing of user %q", user)
	}
	return found
}
