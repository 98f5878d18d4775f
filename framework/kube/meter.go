package kube

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// Traffic is what an API server was asked.
type Traffic struct {
	// Requests end by themselves; Streams are watches, followed logs and commands in pods.
	Requests int64 `json:"requests,omitempty"`
	Streams  int64 `json:"streams,omitempty"`
}

// atOnce is how many requests one API server gets at a time from one client. Streams are
// not bounded by it: a watch lasts as long as its wait.
const atOnce = 16

// meter bounds and counts the requests of one API server.
type meter struct {
	slots             *semaphore.Weighted
	requests, streams atomic.Int64
}

func newMeter() *meter { return &meter{slots: semaphore.NewWeighted(atOnce)} }

// Traffic is what the client's API server was asked since the client was made.
func (c *Client) Traffic() Traffic {
	return Traffic{Requests: c.meter.requests.Load(), Streams: c.meter.streams.Load()}
}

// Metered has requests counted as those of the client's API server that are sent there with
// others' credentials.
func (c *Client) Metered(next http.RoundTripper) http.RoundTripper {
	return metered{next: next, meter: c.meter}
}

type metered struct {
	next  http.RoundTripper
	meter *meter
}

// RoundTrip implements http.RoundTripper.
func (m metered) RoundTrip(request *http.Request) (*http.Response, error) {
	if endless(request) {
		m.meter.streams.Add(1)
		return m.next.RoundTrip(request)
	}
	if err := m.meter.slots.Acquire(request.Context(), 1); err != nil {
		return nil, context.Cause(request.Context())
	}
	m.meter.requests.Add(1)
	release := sync.OnceFunc(func() { m.meter.slots.Release(1) })
	response, err := m.next.RoundTrip(request)
	if err != nil {
		release()
		return nil, err
	}
	response.Body = releasing{response.Body, release}
	return response, nil
}

// releasing gives its request's slot back with its body.
type releasing struct {
	io.ReadCloser
	release func()
}

// Close implements io.Closer.
func (r releasing) Close() error {
	defer r.release()
	return r.ReadCloser.Close()
}
