package images

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestCloneGolden(t *testing.T) {
	golden, dst := t.TempDir(), filepath.Join(t.TempDir(), "node")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(golden, "fs"), 0o755))
	must(os.Mkdir(filepath.Join(golden, "fs", "tmp"), 0o755))
	must(os.Chmod(filepath.Join(golden, "fs", "tmp"), 0o777|os.ModeSticky))
	must(os.WriteFile(filepath.Join(golden, "fs", "program"), []byte("p"), 0o755))
	must(os.Symlink("program", filepath.Join(golden, "fs", "link")))
	must(os.WriteFile(filepath.Join(golden, "meta.db"), []byte("golden"), 0o600))

	must(CloneGolden(golden, dst))

	if links(t, filepath.Join(dst, "fs", "program")) != 2 {
		t.Error("the program was copied, want a hard link")
	}
	if links(t, filepath.Join(dst, "meta.db")) != 1 {
		t.Error("the database is shared, want a copy")
	}
	must(os.WriteFile(filepath.Join(dst, "meta.db"), []byte("node"), 0o600))
	if data, err := os.ReadFile(filepath.Join(golden, "meta.db")); err != nil || string(data) != "golden" {
		t.Errorf("the golden database became %q, %v", data, err)
	}
	if target, err := os.Readlink(filepath.Join(dst, "fs", "link")); err != nil || target != "program" {
		t.Errorf("link to %q, %v; want program", target, err)
	}
	info, err := os.Stat(filepath.Join(dst, "fs", "tmp"))
	must(err)
	if want := os.ModeDir | os.ModeSticky | 0o777; info.Mode() != want {
		t.Errorf("folder mode %v, want %v", info.Mode(), want)
	}
	if err := CloneGolden(golden, dst); err == nil {
		t.Error("cloned over an existing folder, want a refusal")
	}
}

func links(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Sys().(*syscall.Stat_t).Nlink)
}
