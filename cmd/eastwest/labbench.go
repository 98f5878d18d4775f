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
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/framework/page"
	"github.com/eastwest-mesh/eastwest/framework/plan"
	"github.com/eastwest-mesh/eastwest/framework/report"
	"github.com/eastwest-mesh/eastwest/lab"
	"github.com/eastwest-mesh/eastwest/place"
)

func newLabBenchCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	var runs int
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure verify on fresh labs, beside the page's own commands run one after another",
		Long: `Bench runs "eastwest verify" on a fresh lab several times and prints the median
of each phase. Beside it, it runs the page's commands as a shell script (the one
that "eastwest plan -o shell" prints, and the page's twenty calls) on an equal lab,
and prints the ratio.
Absolute figures are those of this machine at this moment; the ratio is what lasts.`,
		Args: checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBench(cmd.Context(), streams, *flags, runs)
		},
	}
	cmd.Flags().IntVar(&runs, "runs", 5, "how often each side runs")
	cmd.Flags().IntVar(&flags.clusters, "clusters", 2, "number of clusters")
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
	p, err := page.New(page.Options{Clusters: place.Specs(l), Traits: place.LabTraits(l)})
	if err != nil {
		return nil, err
	}
	var script bytes.Buffer
	if err := plan.Print(&script, p, plan.Shell); err != nil {
		return nil, err
	}
	for _, c := range place.Specs(l) {
		fmt.Fprintf(&script, pageCalls, c.Kubeconfig)
	}
	took, err := runScript(ctx, l, &script)
	return append(all, timing{answeredName, took}), err
}

// pageCalls are the page's twenty calls from one cluster (A10d).
const pageCalls = `kubectl --kubeconfig=%s --namespace=sample exec deployment/sleep --container=sleep -- \
  /bin/sh -c 'for i in $(seq 1 20); do curl -sS helloworld.sample:5000/hello; done'
`

func runScript(ctx context.Context, l *lab.Lab, script io.Reader) (took time.Duration, err error) {
	dir, err := os.MkdirTemp("", "eastwest-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cmd := exec.CommandContext(ctx, "bash")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+l.State.Bin+":"+os.Getenv("PATH"))
	cmd.Stdin = script
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("bench: the page's commands: %w\n%s", err, text.Bytes())
	}
	return time.Since(start), nil
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
