package tally

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTallyGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "artifacts", "healthy.json")
	for range 3 {
		tally, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := tally.Add("plain", true); err != nil {
			t.Fatal(err)
		}
	}
	tally, err := Open(path)
	if err != nil || tally.Tried("plain") != 3 {
		t.Fatalf("got %+v, %v; want 3 tries", tally, err)
	}
	if want := "3 of    3 right: a rate of wrong ones above 63 % is excluded at 95 %"; !strings.Contains(tally.Text(), want) {
		t.Errorf("want %q in\n%s", want, tally.Text())
	}
	if err := tally.Add("strict", false); err != nil {
		t.Fatal(err)
	}
	if text := tally.Text(); strings.Contains(text, "excluded") || !strings.Contains(text, "3 of    4 right\n") {
		t.Errorf("a wrong one proves no bound:\n%s", text)
	}
}

func TestTallyOfAnotherProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "healthy.json")
	for content, refused := range map[string]bool{
		`{"program": "another", "counts": {"plain": {"right": 10}}}`: false,
		`{"program": `: true,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		tally, err := Open(path)
		if (err != nil) != refused {
			t.Errorf("%s: got %v", content, err)
		}
		if err == nil && tally.Tried("plain") != 0 {
			t.Errorf("%s: counted what another program did", content)
		}
	}
}

func TestBound(t *testing.T) {
	if got := Bound(300); math.Abs(got-0.00994) > 0.0001 {
		t.Errorf("got %g, want about 3/300", got)
	}
}
