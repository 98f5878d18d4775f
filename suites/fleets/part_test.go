package fleets

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestLabPartOfAMesh looks at two clusters of a mesh of four: the other two are right as
// they are, take their part of the calls, and nobody may be advised to cut them off.
func TestLabPartOfAMesh(t *testing.T) {
	f := beginWith(t, "--mesh", "--clusters", "4")
	f.leaveOut(t, "cluster3", "cluster4")
	f.edit(t, `platform: .*\n`, "platform: other\n")
	f.edit(t, `  genGateway: .*\n  kubectl: .*\n`, "")
	secrets := f.kubectl(t, "get", "secrets", "--selector=istio/multiCluster=true", "--output=yaml")
	for _, command := range [][]string{
		{"preflight", "--fleet", f.file},
		{"diagnose", "--fleet", f.file},
		{"verify", "--fleet", f.file, "--out", t.TempDir()},
	} {
		t.Run(command[0], func(t *testing.T) {
			out := f.inside(t, append([]string{f.eastwest.Path}, command...)...) // and ends well
			for _, advice := range []string{"delete", "add the cluster", "add those clusters"} {
				if strings.Contains(out, advice) {
					t.Errorf("want no advice about clusters outside of the fleet, got %q in\n%s", advice, out)
				}
			}
			if command[0] == "diagnose" && !strings.Contains(out, `cluster1: remote secret istio-system/istio-remote-secret-cluster3 leads to "cluster3"`) {
				t.Errorf("want the other clusters named, got\n%s", out)
			}
		})
	}
	if after := f.kubectl(t, "get", "secrets", "--selector=istio/multiCluster=true", "--output=yaml"); after != secrets {
		t.Error("the remote secrets were touched")
	}
}

// leaveOut takes clusters out of the fleet file.
func (f somebodys) leaveOut(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		f.edit(t, `  - name: `+name+`\n(?:    .*\n)*`, "")
	}
}

// edit replaces whole lines of the fleet file.
func (f somebodys) edit(t *testing.T, lines, by string) {
	t.Helper()
	content, err := os.ReadFile(f.file)
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(`(?m)^` + lines)
	if !pattern.Match(content) {
		t.Fatalf("the fleet file has no %q:\n%s", lines, content)
	}
	if err := os.WriteFile(f.file, pattern.ReplaceAll(content, []byte(by)), 0o600); err != nil {
		t.Fatal(err)
	}
}
