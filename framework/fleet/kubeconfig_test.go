package fleet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
)

const twoContexts = `apiVersion: v1
kind: Config
current-context: first
clusters:
- {name: c1, cluster: {server: "https://one.example.org", certificate-authority: ca.crt}}
- {name: c2, cluster: {server: "https://two.example.org"}}
users:
- {name: u1, user: {token: token-one}}
- {name: u2, user: {token: token-two}}
contexts:
- {name: first, context: {cluster: c1, user: u1}}
- {name: second, context: {cluster: c2, user: u2, namespace: apps}}
- {name: broken, context: {cluster: gone, user: u1}}
`

func TestWriteMinimal(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "config")
	write(t, source, twoContexts)
	write(t, filepath.Join(dir, "ca.crt"), "a certificate")
	tests := []struct {
		name, context string
		server, token string
		wantErr       string
	}{
		{name: "the current context", server: "https://one.example.org", token: "token-one"},
		{name: "a named context", context: "second", server: "https://two.example.org", token: "token-two"},
		{name: "no such context", context: "third", wantErr: `has no context "third"`},
		{name: "a context without cluster", context: "broken", wantErr: `names cluster "gone"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "west.yaml")
			err := writeMinimal(ClusterSpec{Name: "west", Kubeconfig: source, Context: test.context}, path)
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("want error %q, got %v", test.wantErr, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			config, err := clientcmd.LoadFromFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(config.Contexts) != 1 || config.CurrentContext != "west" {
				t.Errorf("want the one context west, got %v, current %q", config.Contexts, config.CurrentContext)
			}
			got := []string{config.Clusters["west"].Server, config.AuthInfos["west"].Token}
			if diff := cmp.Diff([]string{test.server, test.token}, got); diff != "" {
				t.Errorf("server and token (-want +got):\n%s", diff)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("want it readable by its owner only, got %s", info.Mode())
			}
		})
	}
}

func TestWriteMinimalTakesFilesAlong(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config"), twoContexts)
	write(t, filepath.Join(dir, "ca.crt"), "a certificate")
	path := filepath.Join(t.TempDir(), "west.yaml")
	if err := writeMinimal(ClusterSpec{Name: "west", Kubeconfig: filepath.Join(dir, "config")}, path); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(config.Clusters["west"].CertificateAuthorityData); got != "a certificate" {
		t.Errorf("want the certificate inside the copy, got %q", got)
	}
}

// A token file and a credential plugin by path are relative to the original.
func TestWriteMinimalKeepsWhatPathsLeadTo(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config"), `apiVersion: v1
kind: Config
clusters:
- {name: c, cluster: {server: "https://one.example.org"}}
users:
- {name: u, user: {tokenFile: secrets/token, exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./login}}}
contexts:
- {name: only, context: {cluster: c, user: u}}
`)
	path := filepath.Join(t.TempDir(), "west.yaml")
	if err := writeMinimal(ClusterSpec{Name: "west", Kubeconfig: filepath.Join(dir, "config"), Context: "only"}, path); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	user := config.AuthInfos["west"]
	if user.TokenFile != filepath.Join(dir, "secrets/token") || user.Exec.Command != filepath.Join(dir, "login") {
		t.Errorf("want paths into %s, got %q and %q", dir, user.TokenFile, user.Exec.Command)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
