package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

func newBenchClustersCommand(streams *ioStreams) *cobra.Command {
	var (
		runs  int
		sizes []int
	)
	cmd := &cobra.Command{
		Use:   "clusters",
		Short: "How the time of verify grows with the number of clusters",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runCurve(cmd.Context(), *streams, sizes, runs) },
	}
	cmd.Flags().IntVar(&runs, "runs", benchRuns, "how often verify runs with each number")
	cmd.Flags().IntSliceVar(&sizes, "numbers", []int{2, 3, 4, 6}, "numbers of clusters")
	return cmd
}

// point is what a run takes with a number of clusters.
type point struct {
	clusters int
	took     []timing
}

// runCurve measures verify with each number of clusters on fresh labs.
func runCurve(ctx context.Context, streams ioStreams, sizes []int, runs int) error {
	if err := checkSizes(sizes); err != nil {
		return err
	}
	if err := checkRuns(runs); err != nil {
		return err
	}
	if err := prepareBench(ctx, streams); err != nil {
		return err
	}
	slices.Sort(sizes)
	var curve []point
	for _, clusters := range slices.Compact(sizes) {
		var all [][]timing
		for i := range runs {
			fmt.Fprintf(streams.errOut, "bench: %d clusters, run %d of %d\n", clusters, i+1, runs)
			took, err := benchVerify(ctx, streams.eastwest, onLab(clusters)...)
			if err != nil {
				return err
			}
			all = append(all, took)
		}
		curve = append(curve, point{clusters: clusters, took: medians(all)})
	}
	return printCurve(streams.out, runs, curve)
}

func checkSizes(sizes []int) error {
	for _, size := range sizes {
		if size < fewest {
			return fmt.Errorf("--numbers: want numbers of at least %d, got %d", fewest, size)
		}
	}
	return nil
}

// printCurve prints a row for each number of clusters. What a cluster adds is
// the growth over the fewest clusters, for each one more, as a part of what a
// cluster takes by itself there: nothing where clusters do not hinder each
// other, and all of it where they wait for one another.
func printCurve(out io.Writer, runs int, curve []point) error {
	w := newTable(out)
	fmt.Fprintf(w, "medians of %s\tclusters ready\tset-up to the last call\ta cluster more adds\ttotal\t\n", strconv.Itoa(runs))
	first := curve[0]
	for _, p := range curve {
		fmt.Fprintf(w, "%d clusters\t%s\t%s\t%s\t%s\t\n", p.clusters, seconds(find(p.took, "clusters ready")),
			seconds(find(p.took, answeredName)), added(first, p), seconds(find(p.took, totalName)))
	}
	return w.Flush()
}

func added(first, p point) string {
	if p.clusters == first.clusters {
		return ""
	}
	own := find(first.took, answeredName)
	each := (find(p.took, answeredName) - own) / time.Duration(p.clusters-first.clusters)
	return fmt.Sprintf("%.1f s, %.0f %%", each.Seconds(), 100*each.Seconds()/own.Seconds())
}
