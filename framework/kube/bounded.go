package kube

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// bounded gives every request that ends by itself a bound, its answer's body included: an
// API server may accept a connection and never answer. Watches, logs that are followed
// and streams have bounds of their own.
type bounded struct {
	next  http.RoundTripper
	bound time.Duration
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	if endless(request) {
		return b.next.RoundTrip(request)
	}
	ctx, cancel := context.WithTimeoutCause(request.Context(), b.bound, fmt.Errorf("no answer within %s: %w", b.bound, context.DeadlineExceeded))
	response, err := b.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel()
		return nil, err
	}
	response.Body = cancelling{response.Body, cancel}
	return response, nil
}

// endless is true for what goes on until somebody ends it.
func endless(request *http.Request) bool {
	query := request.URL.Query()
	for _, flag := range []string{"watch", "follow"} {
		if value := query.Get(flag); value == "true" || value == "1" {
			return true
		}
	}
	for _, stream := range []string{"/exec", "/attach", "/portforward"} {
		if strings.HasSuffix(request.URL.Path, stream) {
			return true
		}
	}
	return false
}

// cancelling ends its request's context with its body.
type cancelling struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (c cancelling) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}
