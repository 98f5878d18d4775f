package kube

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"

	"k8s.io/client-go/rest"
)

// roundTrip is a function as a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func request(ctx context.Context, t *testing.T, path string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://192.0.2.1"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// No more requests than fit are under way, their answers included, and streams, which last,
// take no place of theirs.
func TestMeterBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counts := newMeter()
		var mu sync.Mutex
		under := 0
		answer := make(chan struct{})
		transport := metered{meter: counts, next: roundTrip(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			under++
			mu.Unlock()
			if endless(r) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			<-answer
			return &http.Response{Body: http.NoBody}, nil
		})}
		ctx, cancel := context.WithCancel(t.Context())
		for range 2 * atOnce {
			go func() { _, _ = transport.RoundTrip(request(ctx, t, "/api/v1/pods?watch=true")) }()
		}
		for range 3 * atOnce {
			go func() {
				response, err := transport.RoundTrip(request(ctx, t, "/api/v1/pods"))
				if err != nil {
					t.Error(err)
					return
				}
				_ = response.Body.Close()
				_ = response.Body.Close() // twice gives one place back
			}()
		}
		synctest.Wait()
		if want := 2*atOnce + atOnce; under != want {
			t.Errorf("want %d streams and %d requests under way, got %d", 2*atOnce, atOnce, under)
		}
		close(answer)
		synctest.Wait()
		cancel()
		synctest.Wait()
		if got := counts.requests.Load(); got != 3*atOnce {
			t.Errorf("want %d requests counted, got %d", 3*atOnce, got)
		}
		if !counts.slots.TryAcquire(atOnce) {
			t.Error("a place was not given back")
		}
	})
}

// Who waits for a place can give up.
func TestMeterGivesUp(t *testing.T) {
	counts := newMeter()
	if !counts.slots.TryAcquire(atOnce) {
		t.Fatal("no places")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	transport := metered{meter: counts, next: roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("want nothing sent")
		return nil, io.EOF
	})}
	if _, err := transport.RoundTrip(request(ctx, t, "/version")); err == nil {
		t.Error("want an error")
	}
}

// A cluster is asked once who it is, and every request counts.
func TestIdentityIsAskedOnce(t *testing.T) {
	var mu sync.Mutex
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked++
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/version" {
			_, _ = io.WriteString(w, `{"gitVersion":"v1.36.1"}`)
			return
		}
		_, _ = io.WriteString(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"u1"}}`)
	}))
	defer server.Close()
	client, err := NewForConfig(&rest.Config{Host: server.URL}, Options{Name: "west"})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		got, err := client.Identity(t.Context())
		if err != nil || got != (Identity{UID: "u1", Version: "v1.36.1"}) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if _, err := client.ServerTime(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := client.Traffic(); asked != 3 || got != (Traffic{Requests: 3}) {
		t.Errorf("want 3 requests, got %d and counted %+v", asked, got)
	}
}
