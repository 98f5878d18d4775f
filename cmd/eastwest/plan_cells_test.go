package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pmezard/go-difflib/difflib"

	"github.com/eastwest-mesh/eastwest/framework/cell"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestPlanOfEveryCell keeps what is printed for each cell where it is really
// tested: its plan, or why there is none.
func TestPlanOfEveryCell(t *testing.T) {
	for _, c := range cell.All() {
		for _, output := range []string{"text", "shell"} {
			t.Run(fmt.Sprintf("%s-%s-%s", c.Platform, c.CA, output), func(t *testing.T) {
				out, errOut, code := commandLine(t, "plan", "--platform", string(c.Platform), "--ca", string(c.CA), "--on", string(c.Home), "-o", output)
				if !c.Allowed {
					wantRefused(t, out, errOut, code)
					golden(t, fmt.Sprintf("%s-%s.refused", c.Platform, c.CA), errOut)
					return
				}
				if code != codeConformant || errOut != "" {
					t.Fatalf("exit code %d: %s", code, errOut)
				}
				golden(t, fmt.Sprintf("%s-%s.%s", c.Platform, c.CA, output), beside(t, c, output, out))
				if output == "shell" {
					wantScript(t, out)
				}
			})
		}
	}
}

// whole are the cells whose plans are kept whole, one for each set of tools; the others are
// kept as what differs from the one that is made with the same.
var whole = map[cell.Environment]string{cell.OnLab: "lab-istio", cell.OnKind: "lab-istio", cell.OnFleet: "gdc-vmware-istio"}

// beside is what is kept of a cell's plan.
func beside(t *testing.T, c cell.Cell, output, out string) string {
	t.Helper()
	if base := whole[c.Home]; base != fmt.Sprintf("%s-%s", c.Platform, c.CA) {
		return different(t, base+"."+output, out)
	}
	return out
}

// different is how a plan differs from a golden one.
func different(t *testing.T, name, out string) string {
	t.Helper()
	base, err := os.ReadFile(filepath.Join("testdata", "cells", name+".golden"))
	if err != nil {
		t.Fatalf("%v; run the test with -update, twice where there is none yet", err)
	}
	diff, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: difflib.SplitLines(string(base)), B: difflib.SplitLines(out), FromFile: name})
	if err != nil {
		t.Fatal(err)
	}
	return diff
}

// TestPlanOfARehearsalSaysSo: without an environment the lab is meant, and the plan
// says that nothing of the platform is tested.
func TestPlanOfARehearsalSaysSo(t *testing.T) {
	out, _, code := commandLine(t, "plan", "--platform", "aws")
	if code != codeConformant || !strings.Contains(out, "a rehearsal on the lab: nothing of GKE on AWS is tested") {
		t.Errorf("exit code %d, %s", code, out)
	}
	golden(t, "aws-istio-rehearsal.text", different(t, "lab-istio.text", out))
}

// TestPlanOfACellThatOnlyAFleetProves needs no environment: there is only one.
func TestPlanOfACellThatOnlyAFleetProves(t *testing.T) {
	with, _, _ := commandLine(t, "plan", "--platform", "gdc-vmware", "--ca", "meshca", "--on", "fleet")
	without, _, code := commandLine(t, "plan", "--platform", "gdc-vmware", "--ca", "meshca")
	if diff := cmp.Diff(with, without); diff != "" || code != codeConformant {
		t.Errorf("exit code %d, (-with --on +without):\n%s", code, diff)
	}
	if _, errOut, code := commandLine(t, "plan", "--platform", "gdc-vmware", "--ca", "meshca", "--on", "lab"); code != codeUsage || !strings.Contains(errOut, "Mesh CA") {
		t.Errorf("want the lab refused, got %d, %s", code, errOut)
	}
}

// TestPlanFlagsFollowTheRelease: the guide's own flags are those of its day.
func TestPlanFlagsFollowTheRelease(t *testing.T) {
	tests := []struct{ platform, ca, release, want string }{
		{"gdc-vmware", "meshca", "1.19", "--set spec.values.global.pilotCertProvider=kubernetes"},
		{"gdc-baremetal", "cas", "1.23.4-asm.1", "--set spec.values.global.pilotCertProvider=kubernetes"},
		{"gdc-vmware", "istio", "1.19", "--set spec.values.global.pilotCertProvider=istiod"},
		{"gdc-vmware", "meshca", "1.28", "--set values.global.pilotCertProvider=istiod"},
		{"eks", "meshca", "1.19", "--set spec.values.global.pilotCertProvider=istiod"},
	}
	for _, test := range tests {
		out, _, _ := commandLine(t, "plan", "--platform", test.platform, "--ca", test.ca, "--on", "fleet", "--mesh-release", test.release, "-o", "shell")
		if !strings.Contains(out, "install -y "+test.want) {
			t.Errorf("%+v: not in the plan", test)
		}
	}
	if _, errOut, code := commandLine(t, "plan", "--mesh-release", "new"); code != codeUsage || !strings.Contains(errOut, "--mesh-release") {
		t.Errorf("want a bad release refused, got %d, %s", code, errOut)
	}
}

// TestPlanHoldsNoSecret prints every plan where secrets are at hand.
func TestPlanHoldsNoSecret(t *testing.T) {
	const canary = "canary-hunter2"
	kubeconfig := filepath.Join(t.TempDir(), "PATH_TO_KUBECONFIG_1")
	content := "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: \"https://192.0.2.1\"}}]\n" +
		"contexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: " + canary + "}}]\n"
	if err := os.WriteFile(kubeconfig, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", kubeconfig)
	t.Setenv("KUBECONFIG_CLUSTER1", kubeconfig)
	for _, name := range []string{"TOKEN", "CA_KEY", "GOOGLE_OAUTH_ACCESS_TOKEN", "AWS_SECRET_ACCESS_KEY", "FLEET_PROJECT_ID", "ASMCLI"} {
		t.Setenv(name, canary)
	}
	t.Chdir(filepath.Dir(kubeconfig))
	for _, c := range cell.All() {
		for _, output := range []string{"text", "shell", "json"} {
			out, errOut, _ := commandLine(t, "plan", "--platform", string(c.Platform), "--ca", string(c.CA), "--on", string(c.Home), "-o", output)
			if strings.Contains(out+errOut, canary) || strings.Contains(out, "PRIVATE KEY") {
				t.Errorf("%s x %s, %s: a secret is printed", c.Platform, c.CA, output)
			}
		}
	}
}

func wantRefused(t *testing.T, out, errOut string, code int) {
	t.Helper()
	if code != codeUsage || out != "" || errOut == "" {
		t.Errorf("want exit code %d, the reason and no plan, got %d, %q, %q", codeUsage, code, errOut, out)
	}
}

// wantScript lets bash read the script without running it.
func wantScript(t *testing.T, script string) {
	t.Helper()
	check := exec.CommandContext(t.Context(), "bash", "-n")
	check.Stdin = strings.NewReader(script)
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("bash -n: %v: %s", err, output)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "cells", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
