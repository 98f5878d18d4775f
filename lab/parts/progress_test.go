package parts

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseDeps(t *testing.T) {
	got := parseDeps("fmt false\nexample.com/a true\n\nodd\n")
	want := map[string]bool{"fmt": false, "example.com/a": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestProgressCountsPackagesAndLinks(t *testing.T) {
	p := &progress{
		deps:     map[string]bool{"fmt": false, "a": true, "b": true, "cmd/x": true},
		programs: []string{"x"},
		out:      t.TempDir(),
	}
	total := 4 + linkWeight
	lines := make(chan string, 8)
	for _, line := range []string{"a", "a", "fmt", "# b", "b.go:1: broken"} {
		lines <- line
	}
	close(lines)
	var events []Event
	p.follow(lines, func(e Event) { events = append(events, e) })
	want := []Event{{Done: 1, Total: total}, {Done: 2, Total: total, Current: "fmt"}}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events, -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"# b", "b.go:1: broken"}, p.said); diff != "" {
		t.Errorf("kept output, -want +got:\n%s", diff)
	}

	p.hear("b")
	p.hear("cmd/x")
	if got, want := p.event(), (Event{Done: 4, Total: total, Current: "linking"}); got != want {
		t.Errorf("all compiled: got %+v, want %+v", got, want)
	}
	if err := os.WriteFile(filepath.Join(p.out, "x"), []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := p.event(); got.Percent() != 100 {
		t.Errorf("all linked: got %+v, want 100 %%", got)
	}
}
