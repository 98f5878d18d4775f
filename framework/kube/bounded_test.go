package kube

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A server that accepts and never answers, or answers half, must hold up nobody.
func TestRequestsAreBounded(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "half") {
			_, _ = io.WriteString(w, "half an ")
			w.(http.Flusher).Flush()
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	const bound = 200 * time.Millisecond
	client := http.Client{Transport: bounded{next: http.DefaultTransport, bound: bound}}
	get := func(ctx context.Context, path string) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
		return err
	}
	for _, path := range []string{"/api/v1/nodes", "/half"} {
		begun := time.Now()
		if err := get(t.Context(), path); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: want it given up, got %v", path, err)
		}
		if took := time.Since(begun); took > 20*bound {
			t.Errorf("%s: given up after %s", path, took)
		}
	}
	// What goes on by design ends with its caller only.
	for _, path := range []string{"/api/v1/pods?watch=true", "/log?follow=true", "/api/v1/namespaces/n/pods/p/exec"} {
		ctx, cancel := context.WithTimeout(t.Context(), 3*bound)
		begun := time.Now()
		err := get(ctx, path)
		cancel()
		if took := time.Since(begun); err == nil || took < 2*bound {
			t.Errorf("%s: ended after %s by itself: %v", path, took, err)
		}
	}
}
