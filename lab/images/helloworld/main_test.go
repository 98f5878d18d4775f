package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHandler(t *testing.T) {
	tests := []struct {
		name, method, path string
		wantStatus         int
		wantBody           string
	}{
		{"hello names version and instance", http.MethodGet, "/hello", 200, "Hello version: v2, instance: pod-1\n"},
		{"health", http.MethodGet, "/health", 200, "Helloworld is healthy\n"},
		{"unknown path", http.MethodGet, "/", 404, "404 page not found\n"},
		{"other method", http.MethodPost, "/hello", 405, "Method Not Allowed\n"},
	}
	server := httptest.NewServer(handler("v2", "pod-1"))
	defer server.Close()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tt.wantStatus || string(body) != tt.wantBody {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, body, tt.wantStatus, tt.wantBody)
			}
		})
	}
}
