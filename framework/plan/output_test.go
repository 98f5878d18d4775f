package plan

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

// TestToldGoesIntoTheNotes: what a program said reaches the result of its
// action, without secrets.
func TestToldGoesIntoTheNotes(t *testing.T) {
	tests := []struct {
		name string
		exec Exec
		want []string
		fail bool
	}{
		{
			name: "a success",
			exec: Exec{Argv: []string{"/bin/sh", "-c", "echo done; echo token: hunter2 >&2"}, Note: true},
			want: []string{"sh: exit status 0 after ", "token: [redacted]"},
		},
		{
			name: "a failure",
			exec: Exec{Argv: []string{"/bin/sh", "-c", "echo token: hunter2 >&2; exit 7"}, Note: true},
			want: []string{"sh: exit status 7 after ", "token: [redacted]"}, fail: true,
		},
		{name: "silence", exec: Exec{Argv: []string{"true"}, Note: true}, want: []string{"true: exit status 0 after ", ", saying nothing"}},
		{name: "what is not printed", exec: Exec{Argv: []string{"/bin/sh", "-c", "echo secret >&2"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			runner := &Runner{Env: Env{Clients: []*kube.Client{{Name: "west"}}, Bounds: kube.LocalBounds()}}
			result := runner.Step(t.Context(), Step{Work: []Work{{Cluster: "west", Actions: []Action{test.exec, Exec{Argv: []string{"true"}}}}}})
			if (result.Err != nil) != test.fail {
				t.Fatal(result.Err)
			}
			notes := strings.Join(result.Clusters[0].Actions[0].Notes, "\n")
			for _, want := range test.want {
				if !strings.Contains(notes, want) {
					t.Errorf("want %q in the notes, got %q", want, notes)
				}
			}
			if len(test.want) == 0 && notes != "" || strings.Contains(notes, "hunter2") {
				t.Errorf("the notes tell too much: %q", notes)
			}
			if test.fail && strings.Contains(result.Err.Error(), "hunter2") {
				t.Errorf("the error tells a secret: %v", result.Err)
			}
			if !test.fail && len(result.Clusters[0].Actions[1].Notes) != 0 {
				t.Error("the next action has the notes of the one before")
			}
		})
	}
}

func TestComplaintsOnStdout(t *testing.T) {
	script := []string{"/bin/sh", "-c", "echo Must specify; exit 1"}
	_, err := Exec{Argv: script, ComplainsOnStdout: true}.Output(t.Context(), testSite())
	if err == nil || !strings.Contains(err.Error(), "exit status 1: Must specify") {
		t.Errorf("want what it said on its standard output, got %v", err)
	}
	if _, err = (Exec{Argv: script}).Output(t.Context(), testSite()); err == nil || strings.HasSuffix(err.Error(), "Must specify") {
		t.Errorf("want its standard output kept to itself, got %v", err)
	}
}

func TestWithoutHidesVariables(t *testing.T) {
	t.Setenv("CA", "istio")
	output, err := Exec{Argv: []string{"/bin/sh", "-c", "printf %s ${CA:-none}"}, Without: []string{"CA"}}.Output(t.Context(), testSite())
	if err != nil || string(output) != "none" {
		t.Errorf("got %q, %v", output, err)
	}
	if got, want := (Exec{Argv: []string{"asmcli"}, Without: []string{"CA", "PLATFORM"}}).Show().Shell, "env -u CA -u PLATFORM asmcli"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

// TestExecEndsAtItsBound: a tool that never ends is ended at its bound.
func TestExecEndsAtItsBound(t *testing.T) {
	site := testSite()
	site.Bounds.Tool = 100 * time.Millisecond
	_, err := Exec{Argv: []string{"/bin/sh", "-c", "while :; do sleep 60; done"}}.Output(t.Context(), site)
	if err == nil || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		t.Errorf("want the bound reported, got %v", err)
	}
}

// TestExecEndsItsChildrenToo: what a tool has started ends with it.
func TestExecEndsItsChildrenToo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // until the child is there, however long a busy machine takes to start it
		for ctx.Err() == nil {
			if content, err := os.ReadFile(file); err == nil && strings.HasSuffix(string(content), "\n") {
				cancel()
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	if _, err := (Exec{Argv: []string{"/bin/sh", "-c", "sleep 60 & echo $! > " + file + "; while :; do wait; done"}}).Output(ctx, testSite()); err == nil {
		t.Error("want the interrupt reported")
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); syscall.Kill(pid, 0) == nil && !zombie(pid); {
		if time.Now().After(deadline) {
			t.Fatalf("child %d is still running", pid)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// zombie is whether a process has ended and only waits to be collected, by
// whoever adopted it.
func zombie(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && strings.Contains(string(stat), ") Z ")
}
