package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/run"
	"github.com/eastwest-mesh/eastwest/framework/workload"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/providers"
)

func newBenchScriptCommand(streams *ioStreams) *cobra.Command {
	var runs, clusters int
	cmd := &cobra.Command{
		Use:   "script",
		Short: "verify beside the guide's own commands, run one after another",
		Long: `Runs verify on fresh labs, and on equal ones the guide's commands as a shell script
(the one that "eastwest plan --running -o shell" prints), with the guide's own tools:
gen-eastwest-gateway.sh of Istio's samples piped into "istioctl install", "istioctl
create-remote-secret", kubectl, the twenty calls from each cluster, and "kubectl
delete namespace" at the end. The steps before the guide (istio-system, CA, istiod)
are the same commands on both sides, so the ratio is reported with and without them: a
fleet has them behind it when the guide begins. Where the guide's commands made the
mesh, "verify --setup reuse" then tries it on that same lab.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBenchScript(cmd.Context(), *streams, clusters, runs)
		},
	}
	cmd.Flags().IntVar(&runs, "runs", benchRuns, "how often each side runs")
	cmd.Flags().IntVar(&clusters, "clusters", fewest, "number of clusters")
	return cmd
}

func runBenchScript(ctx context.Context, streams ioStreams, clusters, runs int) error {
	if err := checkRuns(runs); err != nil {
		return err
	}
	if err := prepareBench(ctx, streams); err != nil {
		return err
	}
	var verify, script [][]timing
	for i := range runs {
		fmt.Fprintf(streams.errOut, "bench: run %d of %d: verify\n", i+1, runs)
		t, err := benchVerify(ctx, streams.eastwest, onLab(clusters)...)
		if err != nil {
			return err
		}
		verify = append(verify, t)
		fmt.Fprintf(streams.errOut, "bench: run %d of %d: the guide's commands\n", i+1, runs)
		if t, err = benchScript(ctx, streams, clusters); err != nil {
			return err
		}
		script = append(script, t)
	}
	return printBenchScript(streams.out, runs, medians(verify), medians(script))
}

// benchScript runs the plan's shell script on a lab that is like verify's.
func benchScript(ctx context.Context, streams ioStreams, clusters int) (all []timing, err error) {
	o := benchLabOptions(streams, clusters)
	o.Progress = io.Discard
	began := time.Now()
	l, err := lab.Up(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if derr := l.Down(context.WithoutCancel(ctx)); err == nil {
			err = derr
		}
		all = append(all, timing{totalName, time.Since(began) - find(all, reuseTotalName)})
	}()
	all = append(all, timing{"clusters ready", slices.Max(l.Timing.Ready)})
	opts := run.PlanOptions{Clusters: providers.Specs(l), Traits: providers.LabTraits(l)}
	opts.Traits.Tools.GenGateway = l.Program(providers.GenGatewayScript)
	p, err := run.NewPlan(opts)
	if err != nil {
		return nil, err
	}
	controlPlanes, own := run.SplitControlPlanes(p)
	before, _, err := runScript(ctx, l, controlPlanes)
	if err != nil {
		return nil, err
	}
	took, said, err := runScript(ctx, l, own, workload.SwitchProve)
	if err == nil {
		err = allAnswered(said, len(opts.Clusters))
	}
	if err != nil {
		return nil, err
	}
	all = append(all, timing{answeredName, before + took}, timing{guideName, took})
	reuse, err := benchReuse(ctx, streams.eastwest, clusters)
	if err != nil {
		return nil, err
	}
	all = append(all, reuse...)
	// The clean-up alone: the same script without its steps.
	took, _, err = runScript(ctx, l, plan.Plan{Title: p.Title, Variables: p.Variables, Optional: p.Optional}, workload.SwitchCleanUp)
	return append(all, timing{cleanUpName, took}), err
}

// cleanUpName is the phase in which verify removes all that it made and proves
// it, and the guide's reader deletes the sample's namespace.
const cleanUpName = "cleanup"

// allAnswered wants an answer of every version from every cluster, as the guide does.
func allAnswered(said string, clusters int) error {
	if got := strings.Count(said, "Hello version: "); got != workload.GuideCalls*clusters {
		return fmt.Errorf("bench: the guide's commands: want %d answers, got %d\n%s", workload.GuideCalls*clusters, got, said)
	}
	for i := range clusters {
		if version := fleet.Version(i); !strings.Contains(said, "Hello version: "+version) {
			return fmt.Errorf("bench: the guide's commands: no answer of %s\n%s", version, said)
		}
	}
	return nil
}

// runScript runs a plan's script by bash, with the lab's programs, and turns
// on the given ones of its optional parts.
func runScript(ctx context.Context, l *lab.Lab, p plan.Plan, switches ...string) (took time.Duration, said string, err error) {
	var script bytes.Buffer
	if err := plan.Print(&script, p, plan.Shell); err != nil {
		return 0, "", err
	}
	dir, err := os.MkdirTemp("", "eastwest-bench-")
	if err != nil {
		return 0, "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// From a file: on bash's standard input its programs would read it.
	file := filepath.Join(dir, "guide.sh")
	if err := os.WriteFile(file, script.Bytes(), 0o600); err != nil {
		return 0, "", err
	}
	cmd := exec.CommandContext(ctx, "bash", file)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+l.State.Own().Bin+":"+os.Getenv("PATH"))
	for _, name := range switches {
		cmd.Env = append(cmd.Env, name+"=1")
	}
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, "", fmt.Errorf("bench: the guide's commands: %w\n%s", err, text.Bytes())
	}
	return time.Since(start), text.String(), nil
}

func printBenchScript(out io.Writer, runs int, verify, script []timing) error {
	w := newTable(out)
	fmt.Fprintf(w, "medians of %d\tverify\tone command after another\t\n", runs)
	for _, t := range verify {
		fmt.Fprintf(w, "%s\t%.1f s\t%s\t\n", t.name, t.took.Seconds(), seconds(find(script, t.name)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, name := range []string{answeredName, guideName} {
		ratio := find(script, name).Seconds() / find(verify, name).Seconds()
		if _, err := fmt.Fprintf(out, "%s: one command after another takes %.1f times as long\n", name, ratio); err != nil {
			return err
		}
	}
	for _, name := range []string{reuseCallsName, reuseTotalName} {
		took := find(script, name).Seconds()
		_, err := fmt.Fprintf(out, "%s, on the lab of the guide's commands: %.1f s; they and their calls took %.1f times as long\n",
			name, took, find(script, answeredName).Seconds()/took)
		if err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(out, "cleanup: verify removes everything and proves it; the guide's commands delete the sample's namespace")
	return err
}
