package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCurve(t *testing.T) {
	at := func(clusters int, ready, setUp, total time.Duration) point {
		return point{clusters, []timing{{"clusters ready", ready}, {answeredName, setUp}, {totalName, total}}}
	}
	var out bytes.Buffer
	if err := printCurve(&out, 3, []point{at(2, 5*time.Second, 12*time.Second, 40*time.Second), at(4, 7*time.Second, 18*time.Second, time.Minute)}); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"  medians of 3  clusters ready  set-up to the last call  a cluster more adds   total\n" +
		"    2 clusters           5.0 s                   12.0 s                       40.0 s\n" +
		"    4 clusters           7.0 s                   18.0 s          3.0 s, 25 %  60.0 s\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantError(t, "at least 2", "clusters", "--numbers", "2,1")
}

func TestBenchWithoutRuns(t *testing.T) {
	for _, measurement := range []string{"script", "environments", "clusters"} {
		wantError(t, "--runs: want at least 1, got 0", measurement, "--runs", "0")
	}
}

// wantError wants a command line refused with that text.
func wantError(t *testing.T, says string, args ...string) {
	t.Helper()
	cmd := newBenchCommand(ioStreams{out: io.Discard, errOut: io.Discard})
	cmd.SetArgs(args)
	if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("%v: want an error that says %q, got %v", args, says, err)
	}
}
