package run

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func options(clusters int, installs bool) PlanOptions {
	opts := PlanOptions{Traits: fleet.Traits{
		InstallsMesh: installs, Hub: "istio", Tag: "1.31.0-test", Drain: time.Second, ProxyReadiness: time.Second,
		Tools:  fleet.Tools{Istioctl: "istioctl"},
		Images: fleet.Images{HelloWorld: "istio/examples-helloworld-{version}:1.0", Sleep: "curlimages/curl:8"},
	}}
	for i := range clusters {
		opts.Clusters = append(opts.Clusters, fleet.ClusterSpec{
			Name: fmt.Sprintf("cluster%d", i+1), Network: fmt.Sprintf("network%d", i+1),
			Kubeconfig:   fmt.Sprintf("cluster%d.yaml", i+1),
			RemoteServer: fmt.Sprintf("https://192.0.2.%d:6443", i+1),
		})
	}
	return opts
}

func TestPlanGolden(t *testing.T) {
	there := options(2, true)
	there.Reuse = true
	fleetTools := options(2, false)
	fleetTools.FleetID = "fleet-1"
	fleetTools.Traits.Tools.GenGateway, fleetTools.Traits.Tools.Asmcli = "asm/istio/expansion/gen-eastwest-gateway.sh", "./asmcli"
	fleetTools.Clusters[1].Revision = "asm-1289-4"
	tests := []struct {
		name   string
		opts   PlanOptions
		format plan.Format
	}{
		{"fleet", fleetTools, plan.Text},
		{"two-clusters", options(2, true), plan.Text},
		{"three-clusters", options(3, true), plan.Text},
		{"mesh-there", there, plan.Text},
	}
	for _, test := range tests {
		t.Run(test.name+"-"+string(test.format), func(t *testing.T) {
			made, err := NewPlan(test.opts)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := plan.Print(&out, made, test.format); err != nil {
				t.Fatal(err)
			}
			golden(t, test.name+"."+string(test.format), out.Bytes())
		})
	}
}

// TestShellIsAScript lets bash read the plan without running it.
func TestShellIsAScript(t *testing.T) {
	made, err := NewPlan(options(3, true))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := plan.Print(&out, made, plan.Shell); err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), "bash", "-n")
	check.Stdin = &out
	if output, err := check.CombinedOutput(); err != nil {
		t.Errorf("bash -n: %v: %s", err, output)
	}
}

func TestStepIDsAreUnique(t *testing.T) {
	made, err := NewPlan(options(2, true))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, step := range made.Steps {
		if seen[step.ID] {
			t.Errorf("two steps have the ID %q", step.ID)
		}
		seen[step.ID] = true
		if found, ok := made.Step(step.ID); !ok || found.Title != step.Title {
			t.Errorf("step %q is not found by its ID", step.ID)
		}
		if step.Title == "" || step.Source == "" || step.Promise == "" {
			t.Errorf("step %q lacks a title, a source or a promise", step.ID)
		}
	}
}

func TestNewTellsAllThatIsMissing(t *testing.T) {
	_, err := NewPlan(PlanOptions{Traits: fleet.Traits{InstallsMesh: true}})
	if err == nil {
		t.Fatal("want an error")
	}
	for _, want := range []string{"at least one cluster", "istioctl", "hub and tag"} {
		if !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("want %q in the error, got %v", want, err)
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
