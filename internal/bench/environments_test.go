package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironments(t *testing.T) {
	side := func(name string, unit time.Duration, memory ...int64) *environmentRuns {
		return &environmentRuns{name: name, memory: memory, took: [][]timing{
			{{"clusters ready", 5 * unit}, {totalName, 40 * unit}},
			{{"clusters ready", 9 * unit}, {totalName, 60 * unit}},
			{{"clusters ready", 6 * unit}, {totalName, 44 * unit}},
		}}
	}
	first := side("lab", time.Second, 3<<30, 2<<30, 1<<30)
	second := side("kind", 2*time.Second, 3<<30, 3<<30, 9<<30)
	second.took[0] = second.took[0][:1] // what only the first environment has
	var out bytes.Buffer
	if err := printEnvironments(&out, 3, first, second); err != nil {
		t.Fatal(err)
	}
	want := "" +
		"                 medians of 3      lab     kind  ratio\n" +
		"               clusters ready    6.0 s   12.0 s    2.0\n" +
		"  total, from nothing to exit   44.0 s                \n" +
		"                       memory  2.0 GiB  3.0 GiB    1.5\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
