package pins

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	cache := t.TempDir()
	dir, err := Write(t.Context(), cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []string{"istio", "kubernetes", "runc"} {
		want, err := Module(family)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, family, "go.mod"))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: got %d bytes, %v; want the %d that are pinned", family, len(got), err, len(want))
		}
		if _, err := os.Stat(filepath.Join(dir, family, "go.sum")); err != nil {
			t.Error(err)
		}
	}
	again, err := Write(t.Context(), cache)
	if err != nil || again != dir {
		t.Errorf("got %s, %v; want what is there already", again, err)
	}
	if _, err := Module("nothing"); err == nil {
		t.Error("want no module for a family that is not pinned")
	}
}
