// Command bench measures eastwest on this machine, beside what it is compared with:
// "make bench" runs it.
//
// Owns: the measurements; each runs eastwest as a user does.
// May import: framework, lab, providers.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/lab"
)

// benchRuns is how often each side of a measurement runs unless set otherwise.
const benchRuns = 5

// fewest is the least number of clusters of a mesh.
const fewest = 2

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newBenchCommand(ioStreams{out: os.Stdout, errOut: os.Stderr}).ExecuteContext(ctx)
	stop()
	if err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// ioStreams are the ends of a measurement, whose eastwest is the program of that path.
type ioStreams struct {
	out, errOut io.Writer
	eastwest    string
}

func newBenchCommand(streams ioStreams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure eastwest on this machine, beside what it is compared with",
		Long: `Each measurement runs "eastwest verify" on clusters made for it, several times,
beside something else, and prints medians and ratios of that one session. Absolute
figures are those of this machine at this moment; the ratios are what lasts. Run
nothing else meanwhile.`,
		SilenceUsage: true, SilenceErrors: true,
	}
	cmd.PersistentFlags().StringVar(&streams.eastwest, "eastwest", "bin/eastwest", "the program that is measured")
	cmd.AddCommand(newBenchScriptCommand(&streams), newBenchEnvironmentsCommand(&streams), newBenchClustersCommand(&streams))
	return cmd
}

// checkRuns refuses a number of runs that has no median.
func checkRuns(runs int) error {
	if runs < 1 {
		return fmt.Errorf("--runs: want at least 1, got %d", runs)
	}
	return nil
}

// benchLabOptions are those of a lab that is measured; eastwest's own program is its inside.
func benchLabOptions(streams ioStreams, clusters int) lab.Options {
	return lab.Options{Name: benchLab, Clusters: clusters, Executable: streams.eastwest, Envoy: os.Getenv("EASTWEST_ENVOY"), Progress: streams.errOut}
}

// prepareBench builds what the lab of measurements needs, which is not measured.
func prepareBench(ctx context.Context, streams ioStreams) error {
	if _, err := os.Stat(streams.eastwest); err != nil {
		return errors.Join(err, errors.New("build it with make build, or name it with --eastwest"))
	}
	return lab.Prepare(ctx, benchLabOptions(streams, fewest))
}

// timing is one named duration of one run.
type timing struct {
	name string
	took time.Duration
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
		out = append(out, timing{first.name, median(took)})
	}
	return out
}

func median[T int64 | time.Duration](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
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

// newTable writes rows whose cells end with a tab, aligned to the right.
func newTable(out io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(out, 0, 0, columnGap, ' ', tabwriter.AlignRight)
}

// columnGap is the space between two columns.
const columnGap = 2
