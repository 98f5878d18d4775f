package parts

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAddScripts(t *testing.T) {
	module, dir := t.TempDir(), t.TempDir()
	script := filepath.Join(module, filepath.FromSlash(istioScripts()[0]))
	for _, folder := range []string{filepath.Dir(script), filepath.Join(dir, "bin")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(script, []byte("#!/bin/bash\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	set := Set{dir: dir, istioModule: module}
	for range 2 { // a set that has them already stays as it is
		if err := set.addScripts(); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(set.BinDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "gen-eastwest-gateway.sh" {
		t.Fatalf("want the script alone, got %v", entries)
	}
	if info, err := entries[0].Info(); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("want it executable, got %v, %v", info.Mode(), err)
	}
	if err := (Set{dir: dir, istioModule: t.TempDir()}).addScripts(); err == nil {
		t.Error("want an error: the module has no such script")
	}
}
