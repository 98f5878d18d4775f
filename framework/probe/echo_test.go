package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// answered is what the client prints of a call that echo answered.
func answered(number int, cluster, pod string) string {
	return fmt.Sprintf("[%[1]d] Url=http://10.0.0.1:8080/\n[%[1]d] Latency=1.2ms\n[%[1]d] StatusCode=200\n[%[1]d] ResponseHeader=Server:envoy\n"+
		"[%[1]d body] ServiceVersion=\n[%[1]d body] Cluster=%[2]s\n[%[1]d body] RequestHeader=X-Forwarded-Client-Cert:By=spiffe://a;Hash=1\n[%[1]d body] Hostname=%[3]s\n\n", number, cluster, pod)
}

func refusedWith(number, status int, body string) string {
	text := fmt.Sprintf("[%[1]d] Url=http://10.0.0.1:8080/\n[%[1]d] StatusCode=%[2]d\n", number, status)
	if body != "" {
		text += fmt.Sprintf("[%d body] %s\n", number, body)
	}
	return text + "\n"
}

const (
	identity = "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify SAN list:TLS_error_end"
	log      = "2026-01-02T15:04:05.000000Z\tinfo\tAll 2 requests succeeded\n"
)

func TestRunEcho(t *testing.T) {
	unshown := EchoCall{Unsound: true, Err: "lost: the client shows no answer where other calls of its batch have none"}
	tests := []struct {
		name  string
		count int
		out   string
		exit  int
		err   error
		want  []EchoCall
		fails bool
	}{
		{
			name: "answers", count: 2, out: answered(0, "cluster1", "a") + answered(1, "cluster2", "b") + log,
			want: []EchoCall{{Status: 200, Cluster: "cluster1", Pod: "a"}, {Status: 200, Cluster: "cluster2", Pod: "b"}},
		},
		{
			name: "a refused certificate", count: 1, out: refusedWith(0, 503, identity),
			want: []EchoCall{{Status: 503, Cause: CauseIdentity, Err: "HTTP status 503 " + identity}},
		},
		{
			name: "no route", count: 1, out: refusedWith(0, 404, ""),
			want: []EchoCall{{Status: 404, Cause: CauseNoRoute, Err: "HTTP status 404"}},
		},
		{
			name: "a policy", count: 1, out: refusedWith(0, 403, "RBAC: access denied"),
			want: []EchoCall{{Status: 403, Cause: CauseDenied, Err: "HTTP status 403 RBAC: access denied"}},
		},
		{
			name: "somebody else", count: 1, out: refusedWith(0, 200, "welcome"),
			want: []EchoCall{{Status: 200, Err: `HTTP status 200, but not an answer of echo: "welcome"`}},
		},
		{
			name: "an answer that imitates another call", count: 1,
			out:  refusedWith(0, 503, "[0] StatusCode=200"),
			want: []EchoCall{{Status: 503, Err: "HTTP status 503 [0] StatusCode=200"}},
		},
		{
			name: "one is missing, one is there twice", count: 2, out: answered(1, "c", "p") + answered(1, "c", "p"),
			want: []EchoCall{
				{Unsound: true, Err: "lost: the client told 0 statuses of this call, want one"},
				{Unsound: true, Err: "lost: the client told 2 statuses of this call, want one"},
			},
		},
		{
			name: "some have no answer", count: 3, exit: 255, out: "fatal\tError 2/3 requests had errors; first error: Get \"http://a:8080/\": EOF\n",
			want: []EchoCall{{Err: `no answer: Get "http://a:8080/": EOF`}, {Err: `no answer: Get "http://a:8080/": EOF`}, unshown},
		},
		{
			name: "too late", count: 2, exit: 255, out: "fatal\tError request set timed out after 45s and only 1/2 requests completed (1s avg)\n",
			want: []EchoCall{{Err: "no answer within 45s"}, unshown},
		},
		{
			name: "failures of another number of calls", count: 2, exit: 255, out: "Error 1/3 requests had errors; first error: x\n", fails: true,
			want: []EchoCall{
				{Unsound: true, Err: "lost: the client ended with exit code 255: Error 1/3 requests had errors; first error: x"},
				{Unsound: true, Err: "lost: the client ended with exit code 255: Error 1/3 requests had errors; first error: x"},
			},
		},
		{
			name: "no client", count: 1, err: errors.New("no such file"), fails: true,
			want: []EchoCall{{Unsound: true, Err: "lost: no such file"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from := &echoClient{result: kube.ExecResult{Stdout: []byte(tt.out), ExitCode: tt.exit}, err: tt.err}
			got, err := RunEcho(t.Context(), from, kube.Target{}, EchoBatch{Client: "/client", URL: "http://a/", Host: "b:8080", Count: tt.count})
			if (err != nil) != tt.fails {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			want := fmt.Sprintf("/client --count %d --timeout 45s --header Host:b:8080 http://a/", tt.count)
			if from.command != want {
				t.Errorf("ran %q, want %q", from.command, want)
			}
		})
	}
}

// echoClient ends as it is told to.
type echoClient struct {
	result  kube.ExecResult
	err     error
	command string
}

func (e *echoClient) Exec(_ context.Context, _ kube.Target, opts kube.ExecOptions) (kube.ExecResult, error) {
	e.command = strings.Join(opts.Command, " ")
	return e.result, e.err
}

func FuzzParseEcho(f *testing.F) {
	f.Add(answered(0, "c", "p")+refusedWith(1, 503, identity), 2)
	f.Add("[0] StatusCode=200\n[0 body] Cluster=c\n[0 error] cut", 1)
	f.Fuzz(func(t *testing.T, output string, count int) {
		if count < 0 || count > 1000 {
			return
		}
		calls := parseEcho(output, count)
		if len(calls) != count {
			t.Fatalf("%d calls, want %d", len(calls), count)
		}
		for _, call := range calls {
			if call.Good() && (call.Status != 200 || call.Cluster == "" || call.Pod == "") {
				t.Errorf("taken for a good answer: %+v", call)
			}
		}
	})
}
