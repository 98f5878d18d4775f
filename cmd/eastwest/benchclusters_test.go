package main

import (
	"bytes"
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
	_, err := execute(t, newBenchCommand, "", "clusters", "--numbers", "2,1")
	wantUsageError(t, err, "at least 2")
}

func TestBenchWithoutRuns(t *testing.T) {
	for _, measurement := range []string{"script", "places", "clusters"} {
		_, err := execute(t, newBenchCommand, "", measurement, "--runs", "0")
		wantUsageError(t, err, "--runs: want at least 1, got 0")
	}
}
