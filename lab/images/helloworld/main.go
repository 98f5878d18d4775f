// Command helloworld answers like Istio's HelloWorld sample: which version it
// is and on which pod it runs. All versions are this program; SERVICE_VERSION
// decides.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// address is the port of Istio's sample, all interfaces.
	address = ":5000"
	// headerTimeout bounds how long a caller may take to send a request's head.
	headerTimeout = 10 * time.Second
)

func main() {
	// As a container's first process it gets only the signals it asks for: it
	// must end at once on SIGTERM, or its pod lasts for the whole grace period.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context) error {
	instance, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("learn the pod's name: %w", err)
	}
	server := &http.Server{
		Addr:              address,
		Handler:           handler(os.Getenv("SERVICE_VERSION"), instance),
		ReadHeaderTimeout: headerTimeout,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", address, err)
	case <-ctx.Done():
	}
	if err := server.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func handler(version, instance string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "Hello version: %s, instance: %s\n", version, instance) // the caller has gone
	})
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "Helloworld is healthy")
	})
	return mux
}
