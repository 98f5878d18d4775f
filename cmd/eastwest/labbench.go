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
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/page"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/framework/sample"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/place"
)

func newLabBenchCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	var (
		runs  int
		sizes []int
	)
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure verify on fresh labs, beside the page's own commands run one after another",
		Long: `Bench runs "eastwest verify" on a fresh lab several times and prints the median
of each phase. Beside it, it runs the page's commands as a shell script (the one
that "eastwest plan --running -o shell" prints) on an equal lab, and prints the
ratio. The script uses the page's own tools: gen-eastwest-gateway.sh of Istio's
samples piped into "istioctl install", "istioctl create-remote-secret", kubectl,
the twenty calls from each cluster, and "kubectl delete namespace" at the end. The
steps before the page (istio-system, CA, istiod) are the same commands on both sides.
Absolute figures are those of this machine at this moment; the ratio is what lasts.

With --curve only verify runs, with each number of clusters: what a cluster more costs.`,
		Example: `  # both sides, five times each
  sudo eastwest lab bench

  # how the time grows with the number of clusters
  sudo eastwest lab bench --curve 2,3,4,6 --runs 3`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(sizes) > 0 {
				return runCurve(cmd.Context(), streams, *flags, sizes, runs)
			}
			return runBench(cmd.Context(), streams, *flags, runs)
		},
	}
	cmd.Flags().IntVar(&runs, "runs", 5, "how often each side runs")
	cmd.Flags().IntVar(&flags.clusters, "clusters", 2, "number of clusters")
	cmd.Flags().IntSliceVar(&sizes, "curve", nil, "numbers of clusters, such as 2,3,4,6, to run verify with one after another")
	return cmd
}

// timing is one named duration of one run.
type timing struct {
	name string
	took time.Duration
}

func runBench(ctx context.Context, streams ioStreams, flags labFlags, runs int) error {
	if err := lab.Prepare(ctx, flags.options(streams)); err != nil {
		return err
	}
	var verify, script [][]timing
	for i := range runs {
		fmt.Fprintf(streams.errOut, "bench: run %d of %d: verify\n", i+1, runs)
		t, err := benchVerify(ctx, flags)
		if err != nil {
			return err
		}
		verify = append(verify, t)
		fmt.Fprintf(streams.errOut, "bench: run %d of %d: the page's commands\n", i+1, runs)
		if t, err = benchScript(ctx, streams, flags); err != nil {
			return err
		}
		script = append(script, t)
	}
	return printBench(streams.out, runs, medians(verify), medians(script))
}

// benchVerify runs verify as a user does, in a process of its own.
func benchVerify(ctx context.Context, flags labFlags) (all []timing, err error) {
	out, err := os.MkdirTemp("", "eastwest-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(out)) }()
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	cmd := exec.CommandContext(ctx, self, "verify", "--on", "lab", "--clusters", strconv.Itoa(flags.clusters), "--out", out)
	cmd.Stdout, cmd.Stderr = &text, &text
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("bench: verify: %w\n%s", err, text.Bytes())
	}
	total := time.Since(began)
	data, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		return nil, err
	}
	run, err := report.ReadJSON(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for _, p := range run.Phases {
		all = append(all, timing{p.Name, p.Duration})
	}
	all = append(all, timing{answeredName, answered(run)}, timing{totalName, total})
	return all, nil
}

// The two sides are compared by answeredName: what the page's reader waits for
// once there are clusters. verify then goes on with what the page leaves out.
const (
	answeredName = "from ready clusters to the last of the calls"
	totalName    = "total, from nothing to exit"
)

// answered is from ready clusters to the end of the page's own proof, E-01.
func answered(run report.Run) time.Duration {
	var ready time.Time
	for _, c := range run.Cases {
		switch c.ID {
		case "clusters":
			ready = c.Start.Add(c.Duration)
		case "E-01":
			return c.Start.Add(c.Duration).Sub(ready)
		}
	}
	return 0
}

// benchScript runs the plan's shell script on a lab that is like verify's.
func benchScript(ctx context.Context, streams ioStreams, flags labFlags) (all []timing, err error) {
	o := flags.options(streams)
	o.Name, o.Progress = "bench-script", io.Discard
	began := time.Now()
	l, err := lab.Up(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if derr := l.Down(context.WithoutCancel(ctx)); err == nil {
			err = derr
		}
		all = append(all, timing{totalName, time.Since(began)})
	}()
	all = append(all, timing{"clusters ready", slices.Max(l.Timing.Ready)})
	opts := page.Options{Clusters: place.Specs(l), Traits: place.LabTraits(l)}
	opts.Traits.Tools.GenGateway = l.Program(genGatewayScript)
	p, err := page.New(opts)
	if err != nil {
		return nil, err
	}
	took, said, err := runScript(ctx, l, p, sample.SwitchProve)
	if err == nil {
		err = allAnswered(said, len(opts.Clusters))
	}
	if err != nil {
		return nil, err
	}
	all = append(all, timing{answeredName, took})
	// The clean-up alone: the same script without its steps.
	took, _, err = runScript(ctx, l, plan.Plan{Title: p.Title, Variables: p.Variables, Optional: p.Optional}, sample.SwitchCleanUp)
	return append(all, timing{cleanUpName, took}), err
}

// cleanUpName is the phase in which verify removes all that it made and proves
// it, and the page's reader deletes the sample's namespace.
const cleanUpName = "cleanup"

// allAnswered wants an answer of every version from every cluster, as the page does.
func allAnswered(said string, clusters int) error {
	if got := strings.Count(said, "Hello version: "); got != sample.PageCalls*clusters {
		return fmt.Errorf("bench: the page's commands: want %d answers, got %d\n%s", sample.PageCalls*clusters, got, said)
	}
	for i := range clusters {
		if version := fleet.Version(i); !strings.Contains(said, "Hello version: "+version) {
			return fmt.Errorf("bench: the page's commands: no answer of %s\n%s", version, said)
		}
	}
	return nil
}

// runScript runs a plan's script by bash, with the lab's programs, and asks for
// one of its optional parts.
func runScript(ctx context.Context, l *lab.Lab, p plan.Plan, optional string) (took time.Duration, said string, err error) {
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
	file := filepath.Join(dir, "page.sh")
	if err := os.WriteFile(file, script.Bytes(), 0o600); err != nil {
		return 0, "", err
	}
	cmd := exec.CommandContext(ctx, "bash", file)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+l.State.Bin+":"+os.Getenv("PATH"), optional+"=1")
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, "", fmt.Errorf("bench: the page's commands: %w\n%s", err, text.Bytes())
	}
	return time.Since(start), text.String(), nil
}

// medians gives the median of each name, in the order of the first run.
func medians(runs [][]timing) []timing {
	var out []timing
	for _, first := range runs[0] {
		var took []time.Duration
		for _, run := range runs {
			for _, t := range run {
				if t.name == first.name {
					took = append(took, t.took)
				}
			}
		}
		slices.Sort(took)
		out = append(out, timing{first.name, took[len(took)/2]})
	}
	return out
}

func printBench(out io.Writer, runs int, verify, script []timing) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "medians of %d\tverify\tone command after another\t\n", runs)
	for _, t := range verify {
		fmt.Fprintf(w, "%s\t%.1f s\t%s\t\n", t.name, t.took.Seconds(), seconds(find(script, t.name)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s: one command after another takes %.1f times as long\n",
		answeredName, find(script, answeredName).Seconds()/find(verify, answeredName).Seconds())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "cleanup: verify removes everything and proves it; the page's commands delete the sample's namespace")
	return err
}

// find is the duration of a name, 0 where there is none.
func find(all []timing, name string) time.Duration {
	for _, t := range all {
		if t.name == name {
			return t.took
		}
	}
	return 0
}

func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
