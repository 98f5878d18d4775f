// Command mirror serves the images that are built here under the names of
// upstream's, as a mirror of the registry that has those. With it a run that pulls
// its images can be tried where that registry is out of reach: what is pulled, how
// and when is as with upstream's, while the programs are ours, and tell so.
//
// Usage: mirror FOLDER ADDRESS; FOLDER is empty and gets the images. It serves
// until it is interrupted, and prints each request.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/eastwest-mesh/eastwest/lab/images"
	"github.com/eastwest-mesh/eastwest/lab/parts"
	"github.com/eastwest-mesh/eastwest/providers"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: mirror FOLDER ADDRESS")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mirror:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder, address string, out io.Writer) error {
	set, err := parts.Build(ctx, parts.Options{})
	if err != nil {
		return err
	}
	store, err := images.Upstream(ctx, folder, images.UpstreamOptions{
		Options: images.Options{Parts: set}, Names: providers.UpstreamNames(), Debian: "/",
	})
	if err != nil {
		return err
	}
	return serve(ctx, address, logged(images.NewRegistry(store), out))
}

// headerTimeout bounds how long a client may take to ask.
const headerTimeout = 10 * time.Second

func serve(ctx context.Context, address string, handler http.Handler) error {
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: headerTimeout}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // every pull has ended or is given up
	defer stop()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func logged(handler http.Handler, out io.Writer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(out, r.Method, r.URL.Path)
		handler.ServeHTTP(w, r)
	})
}
