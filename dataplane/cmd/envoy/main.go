// Command envoy is the program that pilot-agent starts as its proxy in the lab.
// It is named for the path at which pilot-agent looks; it calls itself
// eastwest-dataplane.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/eastwest-mesh/eastwest/dataplane/admin"
	"github.com/eastwest-mesh/eastwest/dataplane/bootstrap"
	"github.com/eastwest-mesh/eastwest/dataplane/server"
)

// version is set at link time (-X main.version=...).
var version = "0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", bootstrap.Name, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, argv []string, stdout, stderr io.Writer) error {
	args, err := bootstrap.ParseArgs(argv)
	if err != nil {
		return err
	}
	if args.Version {
		_, err := fmt.Fprintln(stdout, fullVersion())
		return err
	}
	level, err := admin.ParseLevel(args.LogLevel)
	if err != nil {
		return err
	}
	var lv slog.LevelVar
	lv.Set(level)
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: &lv}))
	b, err := bootstrap.Load(args)
	if err != nil {
		return err
	}
	s, err := server.New(ctx, server.Options{Bootstrap: b, DrainTime: args.DrainTime, Version: fullVersion(), Log: log, Level: &lv})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Run(ctx)
}

// fullVersion has the form of Envoy's version strings with our own name in it.
func fullVersion() string {
	revision := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, kv := range info.Settings {
			if kv.Key == "vcs.revision" {
				revision = kv.Value
			}
		}
	}
	return fmt.Sprintf("%s/%s/%s/Go", bootstrap.Name, version, revision)
}
