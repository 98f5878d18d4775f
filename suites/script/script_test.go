package script

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/verdict"
	"github.com/eastwest-mesh/eastwest/framework/workload"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
	"github.com/eastwest-mesh/eastwest/suites/basic"
)

// scriptBound bounds one run of the script, which waits for pods several times.
const scriptBound = 4 * time.Minute

// TestLabPlanScript runs the plan's script by bash, with the guide's own tools,
// and then the basic suite on the mesh that it made. A second run of the script
// changes nothing and ends well too.
func TestLabPlanScript(t *testing.T) {
	options := lab.Options{Name: fmt.Sprintf("script-%d", os.Getpid()), Clusters: 2, Envoy: os.Getenv("EASTWEST_ENVOY"), Progress: os.Stderr}
	l, err := lab.Up(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Down(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	script, dir := guideScript(t, l), t.TempDir()
	said := runScript(t, l, dir, script, workload.SwitchProve+"=1")
	for _, version := range []string{"v1", "v2"} {
		if !strings.Contains(said, "Hello version: "+version) {
			t.Errorf("the guide's calls were not answered by %s:\n%s", version, said)
		}
	}
	if again := runScript(t, l, dir, script); strings.Contains(again, "secret/cacerts configured") {
		t.Errorf("the second run changed the CA:\n%s", again)
	}

	result, err := basic.Run(t.Context(), t, basic.Config{Config: run.Config{
		Provider: providers.NewLab(options), Cell: report.Cell{Platform: "lab", CA: "istio", Environment: "lab"},
		Clusters: 2, Reuse: true, ErrorProbability: run.DefaultErrorProbability, StateDir: t.TempDir(), Progress: os.Stderr,
	}})
	if err != nil {
		t.Error(err)
	}
	if result.Run.Outcome != verdict.Conformant {
		t.Errorf("want the mesh that the script made %s, got %s: %v\n%s", verdict.Conformant, result.Run.Outcome, result.Run.Reasons,
			report.Terminal(result.Run, report.TerminalOptions{}))
	}
}

// guideScript is what "eastwest plan --running -o shell" prints.
func guideScript(t *testing.T, l *lab.Lab) string {
	t.Helper()
	opts := run.PlanOptions{Clusters: providers.Specs(l), Traits: providers.LabTraits(l)}
	opts.Traits.Tools.GenGateway = l.Program("gen-eastwest-gateway.sh")
	made, err := run.NewPlan(opts)
	if err != nil {
		t.Fatal(err)
	}
	var script bytes.Buffer
	if err := plan.Print(&script, made, plan.Shell); err != nil {
		t.Fatal(err)
	}
	return script.String()
}

func runScript(t *testing.T, l *lab.Lab, dir, script string, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), scriptBound)
	defer cancel()
	began := time.Now()
	file := filepath.Join(dir, "guide.sh")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(ctx, "bash", file)
	command.Dir = dir
	command.WaitDelay = time.Second
	command.Env = slices.Concat(os.Environ(), []string{"PATH=" + l.State.Own().Bin + ":" + os.Getenv("PATH")}, env)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("the script with %v: %v\n%s", env, err, output)
	}
	t.Logf("the script with %v took %.1f s", env, time.Since(began).Seconds())
	return string(output)
}
