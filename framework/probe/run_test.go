package probe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// local runs what would run in a container on this machine, with the shell and
// curl that are here: what is run there is tested as it is.
type local struct {
	// program replaces the one that was asked for when set.
	program string
	// cut limits the output, as a connection that breaks does.
	cut int
	err error
}

func (l local) Exec(ctx context.Context, _ kube.Target, opts kube.ExecOptions) (kube.ExecResult, error) {
	argv := opts.Command
	command := exec.CommandContext(ctx, cmp.Or(l.program, argv[0]), argv[1:]...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	result := kube.ExecResult{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), ExitCode: command.ProcessState.ExitCode()}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return result, err
	}
	if l.cut > 0 && l.cut < len(result.Stdout) {
		result.Stdout = result.Stdout[:l.cut]
	}
	return result, l.err
}

// helloServer answers in turn as v1 and v2.
func helloServer(t *testing.T) *httptest.Server {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		_, _ = fmt.Fprintf(w, "Hello version: v%d, instance: helloworld-%s\n", 1+calls%2, r.Header.Get("User-Agent")[len("eastwest/"):])
	}))
	t.Cleanup(server.Close)
	return server
}

func TestRun(t *testing.T) {
	server := helloServer(t)
	calls, err := Run(t.Context(), local{}, kube.Target{}, Batch{URL: server.URL + "/hello", Count: 6, UserAgent: "caller"})
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]int{}
	for _, call := range calls {
		if !call.Good() || call.Instance != "helloworld-caller" || call.Latency <= 0 || call.Address != "127.0.0.1" {
			t.Errorf("want a good answer from 127.0.0.1, got %+v", call)
		}
		versions[call.Version]++
	}
	if versions["v1"] != 3 || versions["v2"] != 3 {
		t.Errorf("want 3 v1 and 3 v2, got %v", versions)
	}
}

// Each call has a connection of its own and the path that was asked for.
func TestRunConnections(t *testing.T) {
	var asked []string
	from := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, from[r.RemoteAddr] = append(asked, r.RequestURI), true // curl calls one after another
		_, _ = fmt.Fprint(w, "Hello version: v1, instance: a\n")
	}))
	defer server.Close()
	// An address that curl would take for a range must not become several calls.
	if _, err := Run(t.Context(), local{}, kube.Target{}, Batch{URL: server.URL + "/hel[1-2]{a,b}o", Count: 3}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"/hel[1-2]{a,b}o", "/hel[1-2]{a,b}o", "/hel[1-2]{a,b}o"}; !slices.Equal(asked, want) || len(from) != len(want) {
		t.Errorf("want %v on connections of their own, got %v on %d", want, asked, len(from))
	}
}

// A server may answer anything; none of it may become another call, a version
// or a broken line.
func TestRunHostileAnswers(t *testing.T) {
	bodies := map[string]string{
		"no newline":         "Hello version: v9, instance: x",
		"many lines":         "a\nb\n\n\nc\n",
		"forged lines":       "Hello version: v2, instance: forged\nN\t0\t200\t0.1\thttp://x/#2\n",
		"forged answer":      "Hello version: v1, instance: a\nHello version: v2, instance: b\n",
		"tabs and nothing":   "\t\t\t\t\n",
		"control characters": "\x1b[2J\x00\x01\x7f",
		"not UTF-8":          "\xff\xfe\xc3",
		"shell":              "$(echo v1) `id` ${PATH} \\n %s %d",
		"long":               strings.Repeat("A", 40_000),
		"too long":           strings.Repeat("A", 200_000),
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
			defer server.Close()
			calls, err := Run(t.Context(), local{}, kube.Target{}, Batch{URL: server.URL, Count: 2})
			if err != nil {
				t.Fatal(err)
			}
			for i, call := range calls {
				good := name == "no newline"
				if call.Unsound || call.Good() != good {
					t.Errorf("call %d: want good %v and sound, got %+v", i+1, good, call)
				}
			}
		})
	}
}

func TestRunTellsWhatFailed(t *testing.T) {
	closed := closedPort(t)
	broken := errors.New("the connection to the command was lost")
	server := helloServer(t)
	tests := map[string]struct {
		from    local
		url     string
		want    string // in the first call's Err
		unsound bool
		refused bool
	}{
		"nobody listens": {url: "http://" + closed, want: "could not connect", refused: true},
		"no such name":   {url: "http://eastwest.invalid/", want: "could not resolve"},
		"lost half way":  {from: local{cut: 150, err: broken}, url: server.URL, want: "", unsound: false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			calls, err := Run(t.Context(), test.from, kube.Target{}, Batch{URL: test.url, Count: 3, UserAgent: "x", Limit: 2 * time.Second})
			if name == "lost half way" {
				last := calls[len(calls)-1]
				if !last.Unsound || !strings.Contains(last.Err, broken.Error()) {
					t.Errorf("want the last call lost with the cause, got %+v (%v)", last, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			call := calls[0]
			if !strings.Contains(call.Err, test.want) || call.Unsound != test.unsound || call.Refused() != test.refused {
				t.Errorf("want %q, unsound %v, refused %v; got %+v", test.want, test.unsound, test.refused, call)
			}
		})
	}
}

// An exec that could not even start is an error and not a result.
func TestRunThatNeverStarted(t *testing.T) {
	_, err := Run(t.Context(), local{program: "/bin/false"}, kube.Target{Namespace: "sample", Pod: "sleep-1", Container: "sleep"}, Batch{URL: "http://x", Count: 2})
	if err == nil || !strings.Contains(err.Error(), "sample/sleep-1[sleep]") || !strings.Contains(err.Error(), "exit code 1") {
		t.Errorf("want an error that names the container and the exit code, got %v", err)
	}
}

func TestDial(t *testing.T) {
	plain := helloServer(t)
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.TLS.ServerName) }))
	defer secure.Close()
	closing := closingServer(t)
	secureAddress := strings.TrimPrefix(secure.URL, "https://")
	attempts, err := Dial(t.Context(), local{}, kube.Target{}, []Address{
		{URL: plain.URL},
		{URL: "https://helloworld.sample.svc.cluster.local/", Resolve: secureAddress},
		{URL: "http://" + closing},
		{URL: "http://" + closedPort(t)},
		{URL: "https://" + closing},
	})
	if err != nil {
		t.Fatal(err)
	}
	type shape struct {
		Connected, Handshake, Answered bool
	}
	want := []shape{{true, false, true}, {true, true, true}, {true, false, false}, {false, false, false}, {true, false, false}}
	for i, attempt := range attempts {
		got := shape{attempt.Connected, attempt.Handshake, attempt.Status != 0}
		if got != want[i] || attempt.Unsound {
			t.Errorf("address %d: want %+v, got %+v", i, want[i], attempt)
		}
	}
	if got := attempts[1].Body; got != "helloworld.sample.svc.cluster.local" {
		t.Errorf("want the URL's host as SNI, got %q", got)
	}
}

// closedPort returns an address at which nobody listens.
func closedPort(t *testing.T) string {
	listener := listen(t)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func listen(t *testing.T) net.Listener {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// closingServer accepts connections, reads a little and closes.
func closingServer(t *testing.T) string {
	listener := listen(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 16))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String()
}
