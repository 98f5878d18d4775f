package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/eastwest-mesh/eastwest/lab"
)

func newLabStatusCommand(streams ioStreams, flags *labFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the running lab, its clusters and the versions of its parts",
		Args:  checkedArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := lab.Open(flags.options(streams))
			if err != nil {
				return err
			}
			return printLab(cmd.Context(), streams, l)
		},
	}
}

func printLab(ctx context.Context, streams ioStreams, l *lab.Lab) error {
	st, err := l.Status(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(streams.out, "lab %q, process %d, up for %s\n\n", l.State.Name, l.State.Process.PID, time.Since(l.State.Started).Round(time.Second))
	w := tabwriter.NewWriter(streams.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CLUSTER\tNETWORK\tCONTROL PLANE\tREACHED\tAFTER\tKUBECONFIG")
	for i, c := range l.State.Clusters {
		stage, after := "starting", time.Duration(0)
		if ev := st.Clusters[i].Events; len(ev) > 0 {
			last := ev[len(ev)-1]
			stage, after = string(last.Stage), last.At.Sub(l.State.Started)
		}
		plane := "own"
		if c.Primary != "" {
			plane = "of " + c.Primary
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.1f s\t%s\n", c.Name, c.Network, plane, stage, after.Seconds(), c.Kubeconfig)
	}
	for _, c := range l.State.Clusters {
		if c.AuditLog != "" {
			fmt.Fprintf(w, "\t\t\t\t\t%s\n", c.AuditLog)
		}
	}
	fmt.Fprintln(w, "\nISTIO\tIMAGES\tISTIOCTL\t\t\t")
	for _, i := range l.State.Istios {
		fmt.Fprintf(w, "%s\t%s\t%s\t\t\t\n", i.Version, i.Images.Tag, i.Program("istioctl"))
	}
	fmt.Fprintln(w, "\nPART\tVERSION\tMODULE\t\t\t")
	for _, p := range l.State.Parts {
		fmt.Fprintf(w, "%s\t%s\t%s\t\t\t\n", p.Name, p.Version, p.Module)
	}
	return w.Flush()
}
