package plan

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

func testSite() *Site {
	bounds := kube.LocalBounds()
	bounds.Tool = 10 * time.Second
	return &Site{Cluster: "west", Bounds: bounds, env: &Env{Variables: []Variable{
		{Name: "GREETING", Value: "hello world"},
		{Name: KubeconfigVariable("west"), Value: "/kube/west"},
	}}}
}

func TestExecOutput(t *testing.T) {
	tests := []struct {
		name    string
		exec    Exec
		want    string
		wantErr []string
		never   string
	}{
		{name: "arguments are not read by a shell", exec: Exec{Argv: []string{"printf", "%s", "$(id) ${GREETING}"}}, want: "$(id) hello world"},
		{name: "the cluster's own kubeconfig", exec: Exec{Argv: []string{"printf", "%s", Here()}}, want: "/kube/west"},
		{name: "input", exec: Exec{Argv: []string{"tr", "a-z", "A-Z"}, Stdin: []byte("abc")}, want: "ABC"},
		{name: "environment", exec: Exec{Argv: []string{"/bin/sh", "-c", "printf %s $SAID"}, Env: []EnvVar{{Name: "SAID", Value: "so"}}}, want: "so"},
		{
			name:    "a failure carries the command line and what was said",
			exec:    Exec{Argv: []string{"/bin/sh", "-c", "echo 'no such host' >&2; exit 3"}},
			wantErr: []string{"/bin/sh -c 'echo", "exit status 3", "no such host"},
		},
		{
			name: "a secret is not printed",
			exec: Exec{
				Argv: []string{"/bin/sh", "-c", "echo wrong token $TOKEN >&2; exit 1"},
				Env:  []EnvVar{{Name: "TOKEN", Value: "hunter2", Secret: true}},
			},
			wantErr: []string{"wrong token [redacted]"}, never: "hunter2",
		},
		{name: "no such program", exec: Exec{Argv: []string{"no-such-program-anywhere"}}, wantErr: []string{"no-such-program-anywhere"}},
		{name: "no such variable", exec: Exec{Argv: []string{"true", "${EASTWEST_NOT_SET}"}}, wantErr: []string{"no value for EASTWEST_NOT_SET"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			output, err := test.exec.Output(t.Context(), testSite())
			if (err == nil) != (len(test.wantErr) == 0) || string(output) != test.want {
				t.Fatalf("want %q and error %q, got %q and %v", test.want, test.wantErr, output, err)
			}
			for _, want := range test.wantErr {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("want %q in the error, got %v", want, err)
				}
			}
			if test.never != "" && strings.Contains(err.Error(), test.never) {
				t.Errorf("the secret is in the error: %v", err)
			}
		})
	}
}

func TestExecEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := Exec{Argv: []string{"sleep", "60"}}.Output(ctx, testSite())
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want the deadline as the cause, got %v", err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("the program outlived its context by %s", took)
	}
}

func TestShowNeverHoldsASecret(t *testing.T) {
	shown := Exec{Argv: []string{"login"}, Env: []EnvVar{{Name: "TOKEN", Value: "hunter2", Secret: true}, {Name: "USER", Value: "me"}}}.Show()
	if want := "TOKEN='[redacted]' USER=me login"; shown.Shell != want {
		t.Errorf("want %q, got %q", want, shown.Shell)
	}
}
