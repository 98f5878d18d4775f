package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// commandLine runs one command line and returns what it wrote and its exit code.
func commandLine(t *testing.T, args ...string) (out, errOut string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = runCommand(args, ioStreams{in: strings.NewReader(""), out: &stdout, errOut: &stderr})
	return stdout.String(), stderr.String(), code
}

func TestPlanRefusesAllBadInputAtOnce(t *testing.T) {
	out, errOut, code := commandLine(t, "plan", "--platform", "marss", "--on", "moon", "--clusters", "one", "-o", "yaml")
	if code != codeUsage || out != "" {
		t.Errorf("want exit code %d and no plan, got %d and %q", codeUsage, code, out)
	}
	for _, want := range []string{"marss", "moon", `"one"`, "yaml"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("want %q reported, got %q", want, errOut)
		}
	}
}

func TestPlanOfARefusedCell(t *testing.T) {
	_, errOut, code := commandLine(t, "plan", "--platform", "aws", "--ca", "cas")
	if code != codeUsage || !strings.Contains(errOut, "refused") {
		t.Errorf("want exit code %d and the reason, got %d and %q", codeUsage, code, errOut)
	}
}

func TestPlanIsTheSameInAllForms(t *testing.T) {
	encoded, _, code := commandLine(t, "plan", "--clusters", "3", "-o", "json")
	if code != codeConformant {
		t.Fatalf("exit code %d", code)
	}
	var document struct {
		APIVersion, Kind string
		Steps            []struct {
			Title string
			Work  []struct{ Cluster string }
		}
	}
	if err := json.Unmarshal([]byte(encoded), &document); err != nil {
		t.Fatal(err)
	}
	text, _, _ := commandLine(t, "plan", "--clusters", "3")
	shell, _, _ := commandLine(t, "plan", "--clusters", "3", "-o", "shell")
	if len(document.Steps) == 0 {
		t.Fatal("a plan without steps")
	}
	for _, step := range document.Steps {
		if !strings.Contains(text, step.Title) || !strings.Contains(shell, step.Title) {
			t.Errorf("step %q is not in all forms", step.Title)
		}
		var clusters []string
		for _, work := range step.Work {
			clusters = append(clusters, work.Cluster)
		}
		if diff := cmp.Diff([]string{"cluster1", "cluster2", "cluster3"}, clusters); diff != "" {
			t.Errorf("clusters of step %q (-want +got):\n%s", step.Title, diff)
		}
	}
}

func TestPlanTakesTheEnvironmentUnlessAFlagSaysOtherwise(t *testing.T) {
	t.Setenv("CLUSTERS", "4")
	if text, _, _ := commandLine(t, "plan"); !strings.Contains(text, "cluster4") {
		t.Error("CLUSTERS=4 is not obeyed")
	}
	if text, _, _ := commandLine(t, "plan", "--clusters", "2"); strings.Contains(text, "cluster3") {
		t.Error("the flag does not win over CLUSTERS")
	}
}
