package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/procfs"
	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/providers"
)

func newBenchEnvironmentsCommand(streams *ioStreams) *cobra.Command {
	var runs, clusters int
	cmd := &cobra.Command{
		Use:   "environments",
		Short: "The lab beside kind: the same suite with the same images",
		Long: `Runs verify on the lab and on kind clusters in turn, both with the images built
here and the same data plane. It needs root, and Docker; where none runs,
"bash kind/ci/run bench" starts one for it.

Memory is by how much the machine's available memory (MemAvailable of the kernel)
fell at most while verify ran: what such a run needs free, the engine's share
and the page cache that cannot be given back included.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runBenchEnvironments(cmd.Context(), *streams, clusters, runs)
		},
	}
	cmd.Flags().IntVar(&runs, "runs", benchRuns, "how often each environment runs")
	cmd.Flags().IntVar(&clusters, "clusters", fewest, "number of clusters")
	return cmd
}

// benchLab is the lab of measurements: a user's own may run beside it.
const benchLab = "bench"

func onLab(clusters int) []string {
	return []string{"--on", "lab", "--lab", benchLab, "--clusters", strconv.Itoa(clusters)}
}

func onKind(clusters int) []string {
	return []string{"--on", "kind", "--images", string(providers.BuiltHere), "--clusters", strconv.Itoa(clusters)}
}

// environmentRuns are what was measured of an environment.
type environmentRuns struct {
	name  string
	flags []string
	took  [][]timing
	// memory in bytes, one for each run.
	memory []int64
}

func runBenchEnvironments(ctx context.Context, streams ioStreams, clusters, runs int) error {
	if err := checkRuns(runs); err != nil {
		return err
	}
	if err := prepareBench(ctx, streams); err != nil {
		return err
	}
	image, err := providers.BuildNodeImage(ctx, "", streams.errOut)
	if err == nil {
		err = providers.LoadNodeImage(ctx, image, streams.errOut)
	}
	if err != nil {
		return err
	}
	environments := []*environmentRuns{
		{name: "lab", flags: onLab(clusters)},
		{name: "kind", flags: onKind(clusters)},
	}
	for i := range runs {
		for _, p := range environments {
			fmt.Fprintf(streams.errOut, "bench: run %d of %d: %s\n", i+1, runs, p.name)
			if err := p.run(ctx, streams.eastwest); err != nil {
				return err
			}
		}
	}
	return printEnvironments(streams.out, runs, environments[0], environments[1])
}

func (p *environmentRuns) run(ctx context.Context, eastwest string) error {
	var took []timing
	memory, err := mostTaken(func() (err error) {
		took, err = benchVerify(ctx, eastwest, p.flags...)
		return err
	})
	if err != nil {
		return fmt.Errorf("bench: %s: %w", p.name, err)
	}
	p.took, p.memory = append(p.took, took), append(p.memory, memory)
	return nil
}

// memoryEvery is how often memory is looked at.
const memoryEvery = 250 * time.Millisecond

// mostTaken is by how many bytes the machine's available memory fell at most
// while do ran.
func mostTaken(do func() error) (int64, error) {
	before, err := available()
	if err != nil {
		return 0, err
	}
	least, done := before, make(chan struct{})
	var failed error
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(memoryEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			now, err := available()
			if err != nil {
				failed = err
				return
			}
			least = min(least, now)
		}
	})
	err = do()
	close(done)
	looking.Wait()
	return before - least, errors.Join(err, failed)
}

// available is the memory, in bytes, that programs could still get.
func available() (int64, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err
	}
	info, err := fs.Meminfo()
	if err != nil {
		return 0, err
	}
	if info.MemAvailableBytes == nil {
		return 0, errors.New("the kernel does not tell MemAvailable")
	}
	return int64(*info.MemAvailableBytes), nil //nolint:gosec // no machine has 8 EiB
}

// printEnvironments prints a row for each phase, and how many times as much the
// second environment takes.
func printEnvironments(out io.Writer, runs int, first, second *environmentRuns) error {
	w := newTable(out)
	fmt.Fprintf(w, "medians of %d\t%s\t%s\tratio\t\n", runs, first.name, second.name)
	ours, theirs := medians(first.took), medians(second.took)
	for _, t := range ours {
		other := find(theirs, t.name)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t\n", t.name, seconds(t.took), seconds(other), ratio(other.Seconds(), t.took.Seconds()))
	}
	least, most := float64(median(first.memory)), float64(median(second.memory))
	fmt.Fprintf(w, "memory\t%.1f GiB\t%.1f GiB\t%s\t\n", least/gib, most/gib, ratio(most, least))
	return w.Flush()
}

const gib = 1 << 30

func ratio(of, to float64) string {
	if of == 0 || to == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", of/to)
}
