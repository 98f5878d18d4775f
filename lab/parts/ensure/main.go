// Command ensure sees to it that the machine has what a lab needs and that the
// parts are built, and prints the folder with the programs. Tests that start
// real programs get it in EASTWEST_PARTS_BIN.
//
// Usage: ensure [-packages]; with -packages it stops before the build.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/parts"
)

// reportEvery is how often a running build is reported.
const reportEvery = 5 * time.Second

// What eastwest itself ends with when a test cannot be run, or is interrupted.
const (
	exitUnmet       = 3
	exitInterrupted = 130
)

func main() {
	packagesOnly := flag.Bool("packages", false, "install and check what the machine needs, build nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, *packagesOnly, os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	if ctx.Err() != nil {
		os.Exit(exitInterrupted)
	}
	os.Exit(exitUnmet)
}

func run(ctx context.Context, packagesOnly bool, out, progress io.Writer) error {
	opts := parts.Options{Envoy: os.Getenv("EASTWEST_ENVOY"), Progress: narrator(progress, time.Now)}
	if err := parts.Prepare(ctx, opts); err != nil || packagesOnly {
		return err
	}
	set, err := parts.Build(ctx, opts)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, set.BinDir())
	return err
}

// narrator prints a line for each family and then one every few seconds.
func narrator(to io.Writer, now func() time.Time) func(parts.Event) {
	var family string
	var next time.Time
	return func(e parts.Event) {
		if e.Family == family && now().Before(next) {
			return
		}
		family, next = e.Family, now().Add(reportEvery)
		fmt.Fprintf(to, "parts: %-16s %3d%% %6s  %s\n", e.Family, e.Percent(), e.Elapsed.Round(time.Second), e.Current)
	}
}
