package keep

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEnsureMakesOnce(t *testing.T) {
	f := Folder{Root: filepath.Join(t.TempDir(), "new")}
	made := 0
	fill := func(dir string) error {
		made++
		return os.WriteFile(filepath.Join(dir, "x"), nil, 0o644)
	}
	for range 2 {
		dir, err := f.Ensure(t.Context(), "a", nil, fill)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "x")); err != nil {
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("made %d times, want once", made)
	}
}

func TestEnsureKeepsNothingHalfMade(t *testing.T) {
	f := Folder{Root: t.TempDir()}
	broken := errors.New("interrupted")
	_, err := f.Ensure(t.Context(), "a", nil, func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o644), broken)
	})
	if !errors.Is(err, broken) || f.Has("a") {
		t.Fatalf("error %v, complete %t; want the cause and nothing complete", err, f.Has("a"))
	}
	dir, err := f.Ensure(t.Context(), "a", nil, func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "half")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the next try still has what the interrupted one left: %v", err)
	}
}

func TestLockExcludes(t *testing.T) {
	f := Folder{Root: t.TempDir()}
	first, err := f.Lock(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := 0
	_, err = f.Lock(ctx, func() { waited++; cancel() })
	if !errors.Is(err, context.Canceled) || waited != 1 {
		t.Fatalf("second lock: error %v, asked %d times to wait; want to wait until cancelled", err, waited)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := f.Lock(t.Context(), func() { t.Error("waits for a lock that nobody holds") })
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPrune(t *testing.T) {
	now := time.Now()
	entries := []struct {
		name string
		age  time.Duration
		kept bool
	}{
		{"current", 48 * time.Hour, true},
		{"fresh", time.Hour, true},
		{"old", 25 * time.Hour, false},
		{"dead.partial", 0, false},
	}
	f := Folder{Root: t.TempDir()}
	var want []string
	for _, e := range entries {
		if err := os.Mkdir(f.Path(e.name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(f.Path(e.name), now.Add(-e.age), now.Add(-e.age)); err != nil {
			t.Fatal(err)
		}
		if e.kept {
			want = append(want, e.name)
		}
	}
	f.Prune(now, "current")
	left, err := os.ReadDir(f.Root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range left {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("left, -want +got:\n%s", diff)
	}
}
