package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
)

func main() {
	spareCollections()
	os.Exit(runCommand(os.Args[1:], ioStreams{in: os.Stdin, out: os.Stdout, errOut: os.Stderr}))
}

// spareCollections lets the garbage of this process and of the tools that it
// runs grow to four times what is alive before it is collected, unless the
// user said otherwise: they live for seconds, and it takes a quarter off an
// istioctl that renders a manifest, for 60 MB.
func spareCollections() {
	const variable, percent = "GOGC", 400
	if os.Getenv(variable) == "" {
		debug.SetGCPercent(percent)
		_ = os.Setenv(variable, strconv.Itoa(percent))
	}
}

// runCommand executes one command line and returns the process's exit code.
func runCommand(args []string, streams ioStreams) int {
	ctx, stop := interruptible(streams)
	defer stop()
	root := newRootCommand(streams)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCode(ctx, err)
	var quiet quietError
	if err != nil && !errors.As(err, &quiet) {
		_, _ = fmt.Fprintf(streams.errOut, "eastwest: %v\n", err)
	}
	return code
}

// interruptible returns a context that the first interrupt cancels, so that
// the run cleans up; a second interrupt ends the process at once.
func interruptible(streams ioStreams) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case <-done:
				return
			case <-signals:
			}
			if !first {
				os.Exit(codeInterrupted)
			}
			_, _ = fmt.Fprintln(streams.errOut, "eastwest: interrupted: cleaning up (interrupt again to leave at once; \"eastwest cleanup\" finishes the work later)")
			cancel(errInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
